# SPDX-License-Identifier: Apache-2.0
# fish completion for ferryctl; commands and options come from "ferryctl help --commands".

function __ferryctl_names
    ferryctl $argv 2>/dev/null | awk 'NR > 1 && !/^(page |.ferryctl )/ {print $1}'
end

complete -c ferryctl -f
ferryctl help --commands 2>/dev/null | while read -l -d \t name args options summary
    complete -c ferryctl -n __fish_use_subcommand -a $name -d $summary
    set -l here "__fish_seen_subcommand_from $name"
    for option in (string split ' ' -- $options)
        set -l long (string replace -a -- '--' '' (string replace '=' '' -- $option))
        switch $option
            case --socket=
                complete -c ferryctl -n $here -l $long -r -F
            case --status=
                if test $name = problems
                    complete -c ferryctl -n $here -l $long -x -a 'open ignored resolved cleared all'
                else
                    complete -c ferryctl -n $here -l $long -x -a 'queued running preview_ready completed failed cancelled'
                end
            case --sync=
                complete -c ferryctl -n $here -l $long -x -a '(__ferryctl_names syncs --limit 100)'
            case --decision=
                complete -c ferryctl -n $here -l $long -x -a 'create update delete disable skip conflict'
            case '*='
                complete -c ferryctl -n $here -l $long -x
            case '*'
                complete -c ferryctl -n $here -l $long
        end
    end
    switch $args
        case '*SYNC*'
            complete -c ferryctl -n $here -a '(__ferryctl_names syncs --limit 100)'
        case '*RUN*'
            complete -c ferryctl -n $here -a 'last (__ferryctl_names runs)'
        case '*NAME*'
            complete -c ferryctl -n $here -a '(__ferryctl_names connectors)'
        case '*CONNECTION*'
            complete -c ferryctl -n $here -a '(__ferryctl_names connections --limit 100)'
        case '*ID*'
            complete -c ferryctl -n $here -a '(__ferryctl_names problems)'
        case '*CODE*'
            complete -c ferryctl -n $here -a "(ferryctl explain | awk '/^  / {print \$1}')"
        case '*COMMAND*'
            complete -c ferryctl -n $here -a '(ferryctl help --commands | cut -f1)'
        case '*DIR*'
            complete -c ferryctl -n $here -a '(__fish_complete_directories)'
    end
end
