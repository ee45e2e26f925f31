using System.Text;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>What became of a word whose variables were replaced.</summary>
/// <param name="Text">The word, without quotes.</param>
/// <param name="Found">Variables that were known.</param>
/// <param name="Missing">Variables that were not.</param>
/// <param name="Problem">What BuildKit would refuse it for; null if nothing.</param>
internal sealed record ExpandedWord(string Text, IReadOnlyCollection<string> Found, IReadOnlyCollection<string> Missing, string? Problem);

/// <summary>
/// Replaces variables and removes quotes as BuildKit does (its shell lexer): <c>$a</c>, <c>${a}</c>, <c>${a:-b}</c>, <c>${a:+b}</c>, <c>${a:?b}</c>,
/// <c>${a#b}</c>, <c>${a%b}</c>, <c>${a/b/c}</c>.
/// </summary>
internal sealed class DockerfileWord
{
    private const int Deepest = 60;

    // Patterns are tried at every place of a value, and nobody has such a value or pattern in earnest.
    private const int LongestValue = 4096, LongestPattern = 256;
    private const char End = '\uFFFF';

    private readonly string word;
    private readonly char escape;
    private readonly Func<string, string?> variables;
    private readonly bool keepsQuotes;
    private readonly HashSet<string> found = new(StringComparer.Ordinal), missing = new(StringComparer.Ordinal);
    private int at;

    private DockerfileWord(string word, char escape, Func<string, string?> variables, bool keepsQuotes) =>
        (this.word, this.escape, this.variables, this.keepsQuotes) = (word, escape, variables, keepsQuotes);

    private char Next => at < word.Length ? word[at] : End;

    /// <summary>Replaces the variables of a word.</summary>
    /// <param name="word">The word.</param>
    /// <param name="escape">The escape character of the file.</param>
    /// <param name="variables">The value of a variable; null where it is not known.</param>
    /// <param name="keepsQuotes">Whether quotes are characters like others, as in a heredoc.</param>
    /// <returns>What became of it.</returns>
    public static ExpandedWord Expand(string word, char escape, Func<string, string?> variables, bool keepsQuotes = false)
    {
        DockerfileWord reader = new(word, escape, variables, keepsQuotes);
        try
        {
            string text = reader.ReadUntil(End, raw: false, 0);
            return new(text, reader.found, reader.missing, null);
        }
        catch (FormatException e)
        {
            return new("", reader.found, reader.missing, e.Message);
        }
    }

    /// <summary>The words of a line among which heredocs are looked for, as written.</summary>
    /// <param name="line">An instruction.</param>
    /// <returns>The words; none where a quote or a substitution in the line is not valid.</returns>
    public static IReadOnlyList<string> Split(string line)
    {
        List<string> words = [];
        DockerfileWord reader = new(line, '\\', _ => "set", keepsQuotes: false);
        StringBuilder word = new();
        try
        {
            while (reader.at < line.Length)
            {
                int start = reader.at;
                char c = line[start];
                if (char.IsWhiteSpace(c))
                {
                    reader.at++;
                    Add();
                    continue;
                }

                switch (c)
                {
                    case '$':
                        reader.ReadVariable(0);
                        break;
                    case '\'' or '"':
                        reader.SkipQuoted(c);
                        break;
                    case '\\':
                        reader.at += 2;
                        break;
                    case '<' when start + 1 < line.Length && line[start + 1] == '<':
                        reader.at += 2;
                        while (reader.Next is ' ' or '\t' or '\r' or '\n')
                        {
                            reader.at++;
                        }

                        break;
                    default:
                        reader.at++;
                        break;
                }

                reader.at = Math.Min(reader.at, line.Length);
                word.Append(line, start, reader.at - start);
            }
        }
        catch (FormatException)
        {
            return [];
        }

        Add();
        return words;

        void Add()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    private void SkipQuoted(char quote)
    {
        if (quote == '"')
        {
            ReadQuoted(new StringBuilder(), raw: true, 0);
            return;
        }

        int end = word.IndexOf('\'', at + 1);
        at = end < 0 ? throw new FormatException("a single quote is not closed") : end + 1;
    }

    private string ReadUntil(char stop, bool raw, int depth)
    {
        if (depth > Deepest)
        {
            throw new FormatException("too many substitutions in each other");
        }

        StringBuilder text = new();
        while (at < word.Length)
        {
            char c = word[at];
            if (stop != End && c == stop)
            {
                at++;
                return text.ToString();
            }

            if (c == '$')
            {
                text.Append(ReadVariable(depth));
            }
            else if (c == '\'' && !keepsQuotes)
            {
                int end = word.IndexOf('\'', at + 1);
                if (end < 0)
                {
                    throw new FormatException("a single quote is not closed");
                }

                text.Append(word, at + 1, end - at - 1);
                at = end + 1;
            }
            else if (c == '"' && !keepsQuotes)
            {
                ReadQuoted(text, raw, depth);
            }
            else
            {
                at++;
                if (c == escape)
                {
                    if (raw)
                    {
                        text.Append(c);
                    }

                    if (at == word.Length)
                    {
                        break;
                    }

                    c = word[at++];
                }

                text.Append(c);
            }
        }

        return stop == End ? text.ToString() : throw new FormatException(stop == '}' ? "a '}' is missing" : $"a '{stop}' is missing");
    }

    private void ReadQuoted(StringBuilder text, bool raw, int depth)
    {
        at++;
        while (at < word.Length)
        {
            char c = word[at];
            if (c == '"')
            {
                at++;
                return;
            }

            if (c == '$')
            {
                text.Append(ReadVariable(depth));
                continue;
            }

            at++;
            if (c == escape)
            {
                if (raw)
                {
                    text.Append(c);
                }

                if (at == word.Length)
                {
                    break;
                }

                if (Next == '"' || Next == '$' || Next == escape)
                {
                    c = word[at++];
                }
            }

            text.Append(c);
        }

        throw new FormatException("a double quote is not closed");
    }

    private string ReadVariable(int depth)
    {
        at++;
        if (Next != '{')
        {
            string plain = ReadName();
            return plain.Length == 0 ? "$" : ValueOf(plain) ?? "";
        }

        at++;
        if (at == word.Length)
        {
            throw new FormatException("a '}' is missing");
        }

        if (Next is '{' or '}' or ':')
        {
            throw new FormatException("'${' is not followed by a name");
        }

        string name = ReadName();
        char kind = Next;
        at++;
        bool emptyCounts = false;
        switch (kind)
        {
            case '}':
                return ValueOf(name) ?? "";
            case ':':
                emptyCounts = true;
                kind = Next;
                at++;
                break;
            case '/':
                return Replace(name, depth);
        }

        bool trims = kind is '#' or '%';
        if (kind is not ('-' or '+' or '?' or '#' or '%') || (emptyCounts && trims))
        {
            throw new FormatException("a substitution has a modifier that there is not");
        }

        string other = ReadUntil('}', raw: trims, depth + 1);
        string? value = ValueOf(name);
        bool has = value is not null && !(emptyCounts && value.Length == 0);
        return kind switch
        {
            '-' => has ? value! : other,
            '+' => has ? other : "",
            '?' => has ? value! : throw new FormatException($"{name} has to have a value"),
            _ => Trim(value ?? "", other, kind),
        };
    }

    private string Replace(string name, int depth)
    {
        bool all = Next == '/';
        at += all ? 1 : 0;
        string pattern = ReadUntil('/', raw: true, depth + 1), replacement = ReadUntil('}', raw: true, depth + 1);
        string value = ValueOf(name) ?? "";
        if (IsTooLong(value, pattern))
        {
            return value;
        }

        StringBuilder text = new();
        for (int start = 0; start <= value.Length;)
        {
            int length = Prefix(value.AsSpan(start), pattern).Longest;
            if (length < 0 || (length == 0 && start == value.Length))
            {
                text.Append(start < value.Length ? value[start] : "");
                start++;
                continue;
            }

            text.Append(replacement);
            start += Math.Max(length, 1);
            if (!all)
            {
                return text.Append(value.AsSpan(Math.Min(start, value.Length))).ToString();
            }
        }

        return text.ToString();
    }

    private static bool IsTooLong(string value, string pattern) => value.Length > LongestValue || pattern.Length > LongestPattern;

    private static string Trim(string value, string pattern, char kind)
    {
        bool longest = pattern.Length > 0 && pattern[0] == kind;
        pattern = longest ? pattern[1..] : pattern;
        if (IsTooLong(value, pattern))
        {
            return value;
        }

        if (kind == '#')
        {
            (int Shortest, int Longest) found = Prefix(value, pattern);
            return value[Math.Max(0, longest ? found.Longest : found.Shortest)..];
        }

        for (int i = 0; i <= value.Length; i++)
        {
            int start = longest ? i : value.Length - i;
            if (Prefix(value.AsSpan(start), pattern).Longest == value.Length - start)
            {
                return value[..start];
            }
        }

        return value;
    }

    // How much of the beginning of a text '*' and '?' of a shell take, -1 for nothing; a backslash takes the next character as it is.
    // All places in the pattern that can be reached are kept, so that no text takes longer than its length times that of the pattern.
    private static (int Shortest, int Longest) Prefix(ReadOnlySpan<char> text, string pattern)
    {
        bool[] places = new bool[pattern.Length + 1], next = new bool[pattern.Length + 1];
        (int Shortest, int Longest) found = (-1, -1);
        places[0] = true;
        for (int length = 0; ; length++)
        {
            bool goesOn = false;
            for (int p = 0; p < pattern.Length; p++)
            {
                goesOn |= places[p];
                places[p + 1] |= places[p] && pattern[p] == '*';
            }

            if (places[^1])
            {
                found = (found.Shortest < 0 ? length : found.Shortest, length);
            }

            if (!goesOn || length == text.Length)
            {
                return found;
            }

            Array.Clear(next);
            for (int p = 0; p < pattern.Length; p++)
            {
                bool literal = pattern[p] == '\\' && p + 1 < pattern.Length;
                if (places[p] && pattern[p] == '*')
                {
                    next[p] = true;
                }
                else if (places[p] && (pattern[p] == '?' || pattern[literal ? p + 1 : p] == text[length]))
                {
                    next[p + (literal ? 2 : 1)] = true;
                }
            }

            (places, next) = (next, places);
        }
    }

    private string ReadName()
    {
        int start = at;
        if (char.IsDigit(Next))
        {
            while (char.IsDigit(Next))
            {
                at++;
            }
        }
        else if (Next is '@' or '*' or '#' or '?' or '-' or '$' or '!')
        {
            at++;
        }
        else
        {
            while (at < word.Length && (char.IsLetterOrDigit(Next) || Next == '_'))
            {
                at++;
            }
        }

        return word[start..at];
    }

    private string? ValueOf(string name)
    {
        string? value = variables(name);
        (value is null ? missing : found).Add(name);
        return value;
    }
}
