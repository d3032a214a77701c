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

# The running service is asked for its methods, once in half a minute.
_tacore_methods() {
    if [[ -z ${_TACORE_METHODS-} || $((SECONDS - ${_TACORE_METHODS_AT:-0})) -ge 30 ]]; then
        typeset -g _TACORE_METHODS _TACORE_METHODS_AT
        _TACORE_METHODS=$("$1" methods -o csv --columns name --timeout 1 --retries 0 2>/dev/null | sed 1d)
        _TACORE_METHODS_AT=$SECONDS
    fi
}

_tacore() {
    local current=${words[CURRENT]} previous=${words[CURRENT-1]}
    local trail='' offered='' word
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
    if [[ $current == -* ]]; then
        offered="$(_tacore_options "$trail") $(_tacore_options '')"
    elif ((arguments == 0)); then
        offered=$(_tacore_words "$trail")
        if [[ $offered == '@methods' ]]; then
            _tacore_methods "${words[1]}"
            offered=$_TACORE_METHODS
        fi
    fi
    if [[ -n $offered ]]; then
        compadd -- ${=offered}
    else
        _files
    fi
}

compdef _tacore tacore
