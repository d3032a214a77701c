#compdef tacore
# Completion of tacore's command line for zsh: eval "$(tacore completion zsh)", after compinit

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

_tacore() {
    local current=${words[CURRENT]} previous=${words[CURRENT-1]}
    local trail='' live='' word
    local -a offered
    local -i arguments=0 i
    case "$previous" in
        -o | --output) compadd -- @outputs@; return ;;
        --home | --config) _files -/; return ;;
        --endpoint | --columns) return ;;
    esac
    for ((i = 2; i < CURRENT; i++)); do
        word=${words[i]}
        case "$word" in
            -o | --output | --columns | --endpoint | --home | --config) ((i++)) ;;
            -*) ;;
            *)
                if ((arguments == 0)) && _tacore_options "${trail:+$trail }$word" >/dev/null; then
                    trail=${trail:+$trail }$word
                else
                    ((arguments += 1))
                fi
                ;;
        esac
    done
    word=$(_tacore_words "$trail")
    [[ $word == '@service' ]] && live=yes
    if [[ $current == -* ]]; then
        offered=(${=$(_tacore_options "$trail")} ${=$(_tacore_options '')})
    elif [[ -z $live ]] && ((arguments == 0)); then
        offered=(${=word})
    fi
    if [[ -n $live ]]; then
        offered+=(${(f)"$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    fi
    if ((${#offered})); then
        compadd -- ${offered:#*.}
        compadd -S '' -- ${(M)offered:#*.}
    elif [[ -z $live || $trail == batch ]]; then
        _files
    fi
}

compdef _tacore tacore
