namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>
/// What a shell in a container does for a copy, in one command: POSIX sh and tar are all it needs. The name of the script (<c>$0</c>) tells an
/// emulated pod what is meant.
/// </summary>
public static class PodCopyScripts
{
    /// <summary>Name of the script that takes a tar.</summary>
    public const string InName = "cloudlab-copy-in";

    /// <summary>Name of the script that gives a tar.</summary>
    public const string OutName = "cloudlab-copy-out";

    /// <summary>Name of the thing itself in the tar that goes in.</summary>
    public const string Root = "x";

    /// <summary>Name of the last entry of the tar that goes in: without it, not everything has come.</summary>
    public const string End = "end";

    /// <summary>Begins a line that says why not, before a word.</summary>
    public const char Refusal = '!';

    /// <summary>Begins a line that says what came about.</summary>
    public const char Done = '=';

    /// <summary>
    /// Arguments: destination, name of the source, file or folder, 1 where the content is meant, 1 where the destination has to be a folder, a unique word. All
    /// is unpacked in a folder beside its final place, where it is moved when it is whole.
    /// </summary>
    internal const string In = """
        d=$1 n=$2 k=$3 c=$4 w=$5
        fail() { echo "!$1"; exit 64; }
        merge() {
          for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
            if [ -e "$f" ] || [ -L "$f" ]; then
              if [ ! -d "$2/${f##*/}" ]; then mv -f "$f" "$2/${f##*/}" || return 1
              elif [ -d "$f" ] && [ ! -L "$f" ]; then merge "$f" "$2/${f##*/}" || return 1
              else echo "'$2/${f##*/}' is a folder" >&2; return 1
              fi
            fi
          done
        }
        command -v tar >/dev/null 2>&1 || fail NoTar
        [ "$d" = / ] || d=${d%/}
        case $d in */*) b=${d%/*} ;; *) b=. ;; esac
        t=$d
        if [ -d "$d" ]; then
          b=$d
          [ "$c" = 1 ] || t=${d%/}/$n
        elif [ -e "$d" ]; then
          if [ "$k" = folder ] || [ "$w" = 1 ]; then fail IsFile; fi
        elif [ "$w" = 1 ] && [ "$k" = file ]; then
          fail NoFolder
        fi
        b=${b:-/}
        [ -d "$b" ] || fail NoFolder
        p=${b%/}/.cloudlab-$6.partial
        mkdir "$p" || fail CannotWrite
        trap 'rm -rf "$p"' EXIT
        trap 'exit 65' HUP INT PIPE TERM
        tar -xf - -C "$p" || fail TarFailed
        [ -e "$p/end" ] || fail Short
        if [ "$k" = folder ] && [ -d "$t" ]; then
          merge "$p/x" "$t" || fail CannotWrite
        elif [ -d "$t" ]; then
          fail IsFolder
        elif [ "$k" = folder ] && [ -e "$t" ]; then
          fail IsFile
        else
          mv -f "$p/x" "$t" || fail CannotWrite
        fi
        echo "=$t"
        """;

    /// <summary>Arguments: path, 1 where a link is to be followed. First comes a line, then the tar.</summary>
    internal const string Out = """
        p=$1
        fail() { echo "!$1"; exit 64; }
        command -v tar >/dev/null 2>&1 || fail NoTar
        if [ ! -e "$p" ] && [ ! -L "$p" ]; then fail NoPath; fi
        if [ "$2" = 1 ] && [ -L "$p" ]; then p=$(readlink -f "$p") || fail NoPath; fi
        if [ -d "$p" ] && [ ! -L "${p%/}" ]; then k=folder; else k=file; fi
        case $p in
          */. | */) cd "$p" && echo "=$k" && exec tar -cf - . ;;
          */*) cd "${p%/*}/" && echo "=$k" && exec tar -cf - "./${p##*/}" ;;
          *) echo "=$k" && exec tar -cf - "./$p" ;;
        esac
        fail NoPath
        """;
}
