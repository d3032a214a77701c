# Completion of tacore's command line for fish: tacore completion fish | source

function __tacore_words
    switch "$argv[1]"
@words@
    end
end

function __tacore_options
    switch "$argv[1]"
@options@
        case '*'
            return 1
    end
end

function __tacore_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l trail ''
    set -l arguments 0
    set -l skip 0
    switch "$typed[-1]"
        case -o --output
            string split ' ' -- '@outputs@'
            return
        case --home --config
            __fish_complete_directories "$current"
            return
        case --endpoint --columns
            return
    end
    for word in $typed[2..-1]
        if test $skip -eq 1
            set skip 0
            continue
        end
        switch "$word"
            case -o --output --columns --endpoint --home --config
                set skip 1
            case '-*'
                continue
            case '*'
                set -l longer (string trim -- "$trail $word")
                if test $arguments -eq 0; and __tacore_options "$longer" >/dev/null
                    set trail $longer
                else
                    set arguments (math $arguments + 1)
                end
        end
    end
    set -l offered (__tacore_words "$trail")
    if string match -q -- '-*' "$current"
        __tacore_options "$trail"
        __tacore_options ''
    end
    if test "$offered" = '@service'
        set -l found ($typed[1] __complete $typed[2..-1] "$current" 2>/dev/null)
        if test -n "$found"
            printf '%s\n' $found
        else if test "$trail" = batch
            __fish_complete_path "$current"
        end
    else if string match -q -- '-*' "$current"
        return
    else if test $arguments -eq 0; and test -n "$offered"
        printf '%s\n' $offered
    else
        __fish_complete_path "$current"
    end
end

complete -c tacore -f -a '(__tacore_complete)'
