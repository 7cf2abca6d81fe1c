# SPDX-License-Identifier: Apache-2.0
# fish completion for ferryctl, which says itself what may come next: "ferryctl complete WORD...".

function __ferryctl_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':folders'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end

complete -c ferryctl -f -a '(__ferryctl_complete)'
