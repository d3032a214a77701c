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

# The running service is asked for its methods, once in half a minute.
_tacore_methods() {
    if [[ -z ${_TACORE_METHODS-} || $((SECONDS - ${_TACORE_METHODS_AT-0})) -ge 30 ]]; then
        _TACORE_METHODS=$("$1" methods -o csv --columns name --timeout 1 --retries 0 2>/dev/null | sed 1d)
        _TACORE_METHODS_AT=$SECONDS
    fi
}

_tacore() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local trail='' arguments=0 offered word i
    COMPREPLY=()
    case "$previous" in
        -o | --output) COMPREPLY=($(compgen -W '@outputs@' -- "$current")); return ;;
        --home | --config) COMPREPLY=($(compgen -d -- "$current")); return ;;
        --endpoint | --columns) return ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
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
    if [[ $current == -* ]]; then
        offered="$(_tacore_options "$trail") $(_tacore_options '')"
    elif ((arguments == 0)); then
        offered=$(_tacore_words "$trail")
        if [[ $offered == '@methods' ]]; then
            _tacore_methods "${COMP_WORDS[0]}"
            offered=$_TACORE_METHODS
        fi
    fi
    COMPREPLY=($(compgen -W "$offered" -- "$current"))
}

complete -o default -F _tacore tacore
