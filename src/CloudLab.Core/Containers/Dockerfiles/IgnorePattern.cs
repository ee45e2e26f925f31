using System.Text;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>
/// A pattern of a <c>.dockerignore</c>, read and matched as the engine's own matcher does (moby/patternmatcher), with its peculiarities: a pattern
/// is translated to a regular expression character by character, and it is matched against the whole path.
/// </summary>
internal sealed class IgnorePattern
{
    private readonly Kind kind;
    private readonly Regex? regex;

    private IgnorePattern(string path, bool isException, int line, string source, Kind kind, Regex? regex) =>
        (Path, IsException, Line, Source, this.kind, this.regex) = (path, isException, line, source, kind, regex);

    private enum Kind
    {
        Exact,
        Prefix,
        Suffix,
        Regex,
    }

    /// <summary>The pattern in its shortest form, without <c>!</c>.</summary>
    public string Path { get; }

    /// <summary>Whether it begins with <c>!</c>: what it matches is sent.</summary>
    public bool IsException { get; }

    /// <summary>Its line in the file, counted from one.</summary>
    public int Line { get; }

    /// <summary>The pattern as written.</summary>
    public string Source { get; }

    /// <summary>What stands before <c>/*</c> or <c>/**</c> at its end.</summary>
    public string WithoutGlob
    {
        get
        {
            string path = Path.EndsWith("/**", StringComparison.Ordinal) ? Path[..^3] : Path;
            return path.EndsWith("/*", StringComparison.Ordinal) ? path[..^2] : path;
        }
    }

    /// <summary>Whether it has no wildcard but one at its end, so that it can be told which folders it reaches into.</summary>
    public bool IsPrefix => WithoutGlob.AsSpan().IndexOfAny("*[]?^\\") < 0;

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="number">Its number.</param>
    /// <returns>The pattern; null for an empty line or a comment. Throws <see cref="LabException"/> (<c>DockerignoreInvalid</c>).</returns>
    public static IgnorePattern? Read(string line, int number)
    {
        if (line.StartsWith('#'))
        {
            return null;
        }

        string source = line.Trim();
        if (source.Length == 0)
        {
            return null;
        }

        bool isException = source[0] == '!';
        string path = isException ? source[1..].Trim() : source;
        if (path.Length > 0)
        {
            // The engine reads the file, and a client on Windows matches with its own separator.
            path = Clean(OperatingSystem.IsWindows() ? path.Replace('\\', '/') : path);
            path = path.Length > 1 && path[0] == '/' ? path[1..] : path;
        }
        else if (isException)
        {
            throw Invalid(source, number, "nothing follows the '!'");
        }

        if (!IsWellFormed(path))
        {
            throw Invalid(source, number, "a bracket is not closed or is empty, or a backslash has nothing behind it");
        }

        try
        {
            (Kind kind, string expression) = Translate(path);
            return new(path, isException, number, source, kind, kind == Kind.Regex ? new Regex(expression, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking) : null);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw Invalid(source, number, "the engine cannot translate it");
        }
    }

    /// <summary>Whether a path is matched; its folders are not looked at.</summary>
    /// <param name="path">Path relative to the context, with forward slashes.</param>
    /// <returns>True if it is.</returns>
    public bool Matches(string path) => kind switch
    {
        Kind.Exact => path == Path,
        Kind.Prefix => path.AsSpan().StartsWith(Path.AsSpan(0, Path.Length - 2), StringComparison.Ordinal),
        Kind.Suffix => path.AsSpan().EndsWith(Path.AsSpan(2), StringComparison.Ordinal) || (Path.Length > 2 && Path[2] == '/' && path.AsSpan().SequenceEqual(Path.AsSpan(3))),
        _ => regex!.IsMatch(path),
    };

    /// <summary>The shortest form of a path, as Go's filepath.Clean makes it.</summary>
    /// <param name="path">A path with forward slashes.</param>
    /// <returns>The path without <c>.</c>, <c>..</c> and double slashes where that is possible.</returns>
    internal static string Clean(string path)
    {
        bool rooted = path.StartsWith('/');
        List<string> parts = [];
        foreach (string part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0 && parts[^1] != "..")
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part.Length > 0 && part != "." && (part != ".." || !rooted))
            {
                parts.Add(part);
            }
        }

        string joined = string.Join('/', parts);
        return rooted ? "/" + joined : joined.Length == 0 ? "." : joined;
    }

    private static LabException Invalid(string source, int number, string why) => new(
        LabErrorKind.InvalidData, "DockerignoreInvalid", $"Line {number} of the ignore file, '{source}', is not a valid pattern: {why}.");

    private static (Kind Kind, string Expression) Translate(string pattern)
    {
        StringBuilder expression = new("^");
        Kind kind = Kind.Exact;
        Rune[] runes = [.. pattern.EnumerateRunes()];
        for (int i = 0, turn = 0; i < runes.Length; turn++)
        {
            Rune c = runes[i++];
            switch (c.Value)
            {
                case '*' when i < runes.Length && runes[i].Value == '*':
                    i++;
                    i += i < runes.Length && runes[i].Value == '/' ? 1 : 0;
                    if (i < runes.Length)
                    {
                        expression.Append("(.*/)?");
                        kind = Kind.Regex;
                    }
                    else if (kind == Kind.Exact)
                    {
                        kind = Kind.Prefix;
                    }
                    else
                    {
                        expression.Append(".*");
                        kind = Kind.Regex;
                    }

                    kind = turn == 0 ? Kind.Suffix : kind;
                    break;
                case '*':
                    expression.Append("[^/]*");
                    kind = Kind.Regex;
                    break;
                case '?':
                    expression.Append("[^/]");
                    kind = Kind.Regex;
                    break;
                case '.' or '+' or '(' or ')' or '|' or '{' or '}' or '$':
                    expression.Append('\\').Append(c.ToString());
                    break;
                case '\\' when i < runes.Length:
                    expression.Append(Escaped(runes[i++]));
                    kind = Kind.Regex;
                    break;
                case '[' or ']':
                    expression.Append(c.ToString());
                    kind = Kind.Regex;
                    break;
                default:
                    expression.Append(c.ToString());
                    break;
            }
        }

        // Go's '$' is the end of the text, that of .NET also stands before a last line break.
        return (kind, expression.Append("\\z").ToString());
    }

    // The engine hands an escaped character to its regular expressions as it is, so a letter means what it means there.
    private static string Escaped(Rune c) => c.Value switch
    {
        'd' => "[0-9]", 'D' => "[^0-9]", 'w' => "[0-9A-Za-z_]", 'W' => "[^0-9A-Za-z_]", 's' => "[\\t\\n\\f\\r ]", 'S' => "[^\\t\\n\\f\\r ]",
        'a' or 'f' or 'n' or 'r' or 't' or 'v' => "\\" + c,
        'A' => "^", 'z' => "\\z",
        _ when Rune.IsLetterOrDigit(c) => throw new ArgumentException("not an escape of Go's regular expressions"),
        _ => Regex.Escape(c.ToString()),
    };

    // What Go's filepath.Match takes for a pattern, which the engine asks first.
    private static bool IsWellFormed(string pattern)
    {
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\' && !OperatingSystem.IsWindows())
            {
                if (++i == pattern.Length)
                {
                    return false;
                }
            }
            else if (pattern[i] == '[')
            {
                i += i + 1 < pattern.Length && pattern[i + 1] == '^' ? 2 : 1;
                for (int ranges = 0; ; ranges++)
                {
                    if (i < pattern.Length && pattern[i] == ']' && ranges > 0)
                    {
                        break;
                    }

                    bool valid = Character(ref i);
                    if (valid && pattern[i] == '-')
                    {
                        i++;
                        valid = Character(ref i);
                    }

                    if (!valid)
                    {
                        return false;
                    }
                }
            }
        }

        return true;

        bool Character(ref int at)
        {
            if (at >= pattern.Length || pattern[at] is '-' or ']')
            {
                return false;
            }

            at += pattern[at] == '\\' && !OperatingSystem.IsWindows() ? 2 : 1;
            return at < pattern.Length;
        }
    }
}
