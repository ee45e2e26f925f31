using System.Text;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>A simple command of a shell script.</summary>
/// <param name="Words">Its words without quotes; the first is the program. Assignments and words such as <c>then</c>, <c>sudo</c> or <c>exec</c> before it are left out.</param>
/// <param name="Prefix">The words that were left out.</param>
/// <param name="IsPiped">Whether it reads what the command before it wrote.</param>
/// <param name="Pipes">Whether another command reads what it writes.</param>
internal sealed record ShellCommand(IReadOnlyList<string> Words, IReadOnlyList<string> Prefix, bool IsPiped, bool Pipes)
{
    /// <summary>Name of the program, without its folder.</summary>
    public string Name => Words[0][(Words[0].LastIndexOf('/') + 1)..];

    /// <summary>Whether a word stands among the arguments.</summary>
    /// <param name="words">The words.</param>
    /// <returns>True if one of them does.</returns>
    public bool Has(params string[] words) => Words.Skip(1).Any(word => words.Contains(word, StringComparer.Ordinal));

    /// <summary>Whether a short option is there, alone or among others: <c>-y</c>, <c>-qy</c>.</summary>
    /// <param name="letter">Its letter.</param>
    /// <returns>True if it is.</returns>
    public bool HasShort(char letter) => Words.Skip(1).Any(
        word => word is ['-', not '-', ..] && word.Length < 9 && word.Contains(letter, StringComparison.Ordinal) && word.Skip(1).All(char.IsAsciiLetter));

    /// <summary>Arguments that are no options.</summary>
    public IEnumerable<string> Operands => Words.Skip(1).Where(word => !word.StartsWith('-'));
}

/// <summary>
/// Takes a script for a POSIX shell apart into simple commands, as far as the review needs it: quotes, escapes, comments, pipes and lists,
/// substitutions, whose commands come too, heredocs. Never throws.
/// </summary>
internal sealed class ShellScript
{
    private const int Deepest = 20;

    // Nobody writes so many into one RUN, and rules compare commands with each other.
    private const int MostCommands = 5000;

    private static readonly HashSet<string> Leading = new(StringComparer.Ordinal)
    {
        "if", "then", "else", "elif", "while", "until", "do", "!", "{", "}", "fi", "done", "time", "exec", "command", "env", "nice", "nohup", "eatmydata", "sudo", "case", "esac", "in",
    };

    private readonly List<ShellCommand> commands = [];
    private readonly string text;
    private readonly int depth;
    private readonly List<string> words = [];
    private readonly StringBuilder word = new();
    private readonly Queue<(string Name, bool Chomps)> heredocs = [];
    private bool inWord, isPiped;
    private int at;

    private ShellScript(string text, int depth) => (this.text, this.depth) = (text, depth);

    private char Next => at + 1 < text.Length ? text[at + 1] : '\0';

    /// <summary>The simple commands of a script, in the order in which they begin.</summary>
    /// <param name="text">The script.</param>
    /// <returns>The commands.</returns>
    public static IReadOnlyList<ShellCommand> Read(string text) => new ShellScript(text, 0).Run();

    private List<ShellCommand> Run()
    {
        for (; at < text.Length && commands.Count < MostCommands; at++)
        {
            char c = text[at];
            switch (c)
            {
                case '\\':
                    if (Next is not ('\n' or '\0'))
                    {
                        Append(Next);
                    }

                    at++;
                    break;
                case '\'':
                    int end = text.IndexOf('\'', at + 1);
                    end = end < 0 ? text.Length : end;
                    inWord = true;
                    word.Append(text, at + 1, end - at - 1);
                    at = end;
                    break;
                case '"':
                    ReadQuoted();
                    break;
                case '$' when Next == '(':
                case '`':
                    Substitute(c);
                    break;
                case '#' when !inWord:
                    int line = text.IndexOf('\n', at);
                    at = (line < 0 ? text.Length : line) - 1;
                    break;
                case '<' when Next == '<' && at + 2 < text.Length && text[at + 2] != '<':
                    NoteHeredoc();
                    break;
                case ' ' or '\t' or '\r':
                    EndWord();
                    break;
                case '\n':
                    EndCommand(pipes: false);
                    SkipHeredocs();
                    break;
                case '>' when Next == '&':
                case '&' when Next == '>':
                    EndWord();
                    words.Add(">");
                    at++;
                    break;
                case '|' when Next != '|':
                    at += Next == '&' ? 1 : 0;
                    EndCommand(pipes: true);
                    break;
                case ';' or '&' or '|' or '(' or ')':
                    EndCommand(pipes: false);
                    break;
                case '<' or '>':
                    EndWord();
                    words.Add(c.ToString());
                    break;
                default:
                    Append(c);
                    break;
            }
        }

        EndCommand(pipes: false);
        return commands;
    }

    private void ReadQuoted()
    {
        inWord = true;
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            char c = text[at];
            if (c == '\\' && Next is '"' or '\\' or '$' or '`' or '\n')
            {
                at++;
                word.Append(text[at] == '\n' ? "" : text[at]);
            }
            else if (c == '`' || (c == '$' && Next == '('))
            {
                Substitute(c);
            }
            else
            {
                word.Append(c);
            }
        }
    }

    // The commands in it are commands of the script; in the word they leave a mark.
    private void Substitute(char kind)
    {
        int start = kind == '`' ? at + 1 : at + 2, end = start;
        if (kind == '`')
        {
            end = text.IndexOf('`', start);
            end = end < 0 ? text.Length : end;
        }
        else
        {
            for (int level = 1; end < text.Length; end++)
            {
                char c = text[end];
                if (c == '\\')
                {
                    end++;
                }
                else if (c == '\'')
                {
                    int quote = text.IndexOf('\'', end + 1);
                    end = quote < 0 ? text.Length : quote;
                }
                else if (c == '(' || (c == ')' && --level == 0))
                {
                    if (c == ')')
                    {
                        break;
                    }

                    level++;
                }
            }
        }

        end = Math.Min(end, text.Length);
        if (depth < Deepest && end > start)
        {
            commands.AddRange(new ShellScript(text[start..end], depth + 1).Run());
        }

        inWord = true;
        word.Append("$(…)");
        at = end;
    }

    private void NoteHeredoc()
    {
        EndWord();
        at += 2;
        bool chomps = at < text.Length && text[at] == '-';
        at += chomps ? 1 : 0;
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }

        int start = at;
        char quote = at < text.Length ? text[at] : '\0';
        at = quote is '\'' or '"' && text.IndexOf(quote, at + 1) is var end and > 0 ? end : at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not (';' or '|' or '&' or '>' or '<' or ')'))
        {
            at++;
        }

        heredocs.Enqueue((text[start..at].Trim('"', '\'', '\\'), chomps));
        at--;
    }

    private void SkipHeredocs()
    {
        while (heredocs.TryDequeue(out (string Name, bool Chomps) heredoc))
        {
            while (at + 1 < text.Length)
            {
                int end = text.IndexOf('\n', at + 1);
                end = end < 0 ? text.Length : end;
                ReadOnlySpan<char> line = text.AsSpan(at + 1, end - at - 1);
                at = end;
                if ((heredoc.Chomps ? line.TrimStart('\t') : line).SequenceEqual(heredoc.Name))
                {
                    break;
                }
            }
        }
    }

    private void Append(char c)
    {
        inWord = true;
        word.Append(c);
    }

    private void EndWord()
    {
        if (inWord)
        {
            words.Add(word.ToString());
            word.Clear();
            inWord = false;
        }
    }

    private void EndCommand(bool pipes)
    {
        EndWord();
        List<string> plain = [];
        for (int i = 0; i < words.Count; i++)
        {
            // A redirection and its file are no arguments.
            if (words[i] is "<" or ">")
            {
                if (plain.Count > 0 && plain[^1].Length == 1 && char.IsAsciiDigit(plain[^1][0]))
                {
                    plain.RemoveAt(plain.Count - 1);
                }

                while (i + 1 < words.Count && words[i] is "<" or ">")
                {
                    i++;
                }

                continue;
            }

            plain.Add(words[i]);
        }

        int first = 0;
        while (first < plain.Count && (Leading.Contains(plain[first]) || IsAssignment(plain[first]) || (first > 0 && plain[first].StartsWith('-') && plain[first - 1] is "sudo" or "env" or "nice")))
        {
            first++;
        }

        if (first < plain.Count && plain[first].Length > 0)
        {
            commands.Add(new([.. plain.Skip(first)], [.. plain.Take(first)], isPiped, pipes));
        }
        else if (plain.Count > 0 && plain.Exists(IsAssignment))
        {
            // Assignments alone: there is no program, but what they say counts.
            commands.Add(new([":"], plain, isPiped, pipes));
        }

        words.Clear();
        isPiped = pipes;
    }

    private static bool IsAssignment(string word)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && word.AsSpan(0, equals).IndexOfAnyExceptInRange('0', 'z') < 0 && !char.IsAsciiDigit(word[0]) && word[..equals].All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '+');
    }
}
