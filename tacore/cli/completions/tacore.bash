# Completion of tacore's command line for bash: eval "$(tacore completion bash)"

_tacore_words() {
    case "$1" in
@words@
    esac
}

_tacore_options() {
    case "$1" in
@options@
        *) return 1 ;;
    esac
}

# Bash breaks words at = and : too; a command sees them whole.
_tacore_whole() {
    local word last=''
    typed=()
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if ((${#typed[@]} > 1)) && [[ $word =~ ^[=:]+$ || $last =~ ^[=:]+$ ]]; then
            typed[${#typed[@]} - 1]+=$word
        else
            typed+=("$word")
        fi
        last=$word
    done
    current=${typed[${#typed[@]} - 1]}
    lead=''
    if [[ $last =~ ^[=:]+$ ]]; then lead=$current; else lead=${current%"$last"}; fi
}

_tacore() {
    local -a typed
    local current previous lead trail='' arguments=0 offered='' live='' word i
    _tacore_whole
    previous=${typed[${#typed[@]} - 2]}
    COMPREPLY=()
    case "$previous" in
        -o | --output) COMPREPLY=($(compgen -W '@outputs@' -- "$current")); return ;;
        --home | --config) COMPREPLY=($(compgen -d -- "$current")); return ;;
        --endpoint | --columns) return ;;
    esac
    for ((i = 1; i < ${#typed[@]} - 1; i++)); do
        word=${typed[i]}
        case "$word" in
            -o | --output | --columns | --endpoint | --home | --config) ((i++)) ;;
            -*) ;;
            *)
                if ((arguments == 0)) && _tacore_options "${trail:+$trail }$word" >/dev/null; then
                    trail=${trail:+$trail }$word
                else
                    ((arguments++))
                fi
                ;;
        esac
    done
    word=$(_tacore_words "$trail")
    [[ $word == '@service' ]] && live=yes
    if [[ $current == -* ]]; then
        offered="$(_tacore_options "$trail") $(_tacore_options '')"
    elif [[ -z $live ]] && ((arguments == 0)); then
        offered=$word
    fi
    if [[ -n $live ]]; then
        offered+=" $("${typed[0]}" __complete "${typed[@]:1}" 2>/dev/null)"
        [[ $trail == batch ]] || compopt +o default 2>/dev/null
    fi
    # No compgen: it would expand what the service says.
    local -a words
    IFS=$' \t\n' read -r -d '' -a words <<<"$offered"
    for word in "${words[@]}"; do
        [[ $word == "$current"* ]] && COMPREPLY+=("${word#"$lead"}")
    done
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[.=] ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -o default -F _tacore tacore
