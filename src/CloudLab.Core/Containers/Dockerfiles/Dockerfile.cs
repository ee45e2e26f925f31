using System.Text.RegularExpressions;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>Something in a Dockerfile that BuildKit refuses.</summary>
/// <param name="Line">First line, counted from one.</param>
/// <param name="EndLine">Last line.</param>
/// <param name="Instruction">The keyword, or empty.</param>
/// <param name="Message">What is wrong, without the values in it.</param>
/// <param name="Fix">What to write.</param>
/// <param name="IsUnknown">Whether the instruction does not exist.</param>
internal sealed record DockerfileProblem(int Line, int EndLine, string Instruction, string Message, string Fix, bool IsUnknown = false);

/// <summary>
/// A parsed Dockerfile. Reads as BuildKit does (frontend/dockerfile/parser), with two differences: a mistake does not end the reading, and comments
/// keep their lines.
/// </summary>
internal sealed partial class Dockerfile
{
    /// <summary>What BuildKit reads of one line; longer ones it refuses.</summary>
    private const int LongestLine = 65535;

    private readonly List<DockerfileInstruction> instructions = [];
    private readonly List<DockerfileProblem> problems = [];
    private readonly List<DockerfileComment> comments = [];
    private readonly Dictionary<string, DockerfileComment> directives = new(StringComparer.OrdinalIgnoreCase);

    private Dockerfile()
    {
    }

    /// <summary>Its instructions, in order.</summary>
    public IReadOnlyList<DockerfileInstruction> Instructions => instructions;

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<DockerfileProblem> Problems => problems;

    /// <summary>All comments.</summary>
    public IReadOnlyList<DockerfileComment> Comments => comments;

    /// <summary>The directives at its beginning: <c>syntax</c>, <c>escape</c>, <c>check</c>, with their values.</summary>
    public IReadOnlyDictionary<string, DockerfileComment> Directives => directives;

    /// <summary>The escape character.</summary>
    public char Escape { get; private set; } = '\\';

    /// <summary>How many lines it has.</summary>
    public int LineCount { get; private set; }

    /// <summary>Reads a Dockerfile.</summary>
    /// <param name="text">Its text.</param>
    /// <returns>What is in it. Never throws.</returns>
    public static Dockerfile Parse(string text)
    {
        Dockerfile file = new();
        file.Read(text.StartsWith('\uFEFF') ? text[1..] : text);
        return file;
    }

    /// <summary>A directive in a comment: <c>check=skip=all</c>.</summary>
    /// <param name="comment">The comment.</param>
    /// <returns>Name in lower case and value, or null.</returns>
    internal static (string Name, string Value)? Directive(string comment) =>
        DirectiveForm().Match(comment) is { Success: true } match ? (match.Groups["name"].Value.ToLowerInvariant(), match.Groups["value"].Value) : null;

    private void Read(string text)
    {
        LineReader lines = new(text);
        List<DockerfileComment> before = [];
        bool directivesOver = false;
        while (lines.Next(out ReadOnlySpan<char> line))
        {
            CheckLength(line, lines.Number);
            line = line.TrimStart();
            if (line.Length > 0 && line[0] == '#')
            {
                DockerfileComment comment = new(lines.Number, line[1..].Trim().ToString());
                comments.Add(comment);
                directivesOver = directivesOver || !TakeDirective(comment);
                if (comment.Text.Length == 0)
                {
                    before.Clear();
                }
                else if (directivesOver)
                {
                    before.Add(comment);
                }

                continue;
            }

            directivesOver = true;
            bool goesOn = Continues(ref line);
            if (!goesOn && line.Length == 0)
            {
                continue;
            }

            ReadInstruction(lines, line, goesOn, before);
            before = [];
        }

        LineCount = lines.Number;
        if (instructions.Count == 0 && problems.Count == 0)
        {
            problems.Add(new(Math.Max(1, LineCount), Math.Max(1, LineCount), "", "The file has no instructions.", "Begin with FROM and the name of the base image."));
        }
    }

    private void ReadInstruction(LineReader lines, ReadOnlySpan<char> line, bool goesOn, List<DockerfileComment> before)
    {
        int start = lines.Number;
        bool hasEmpty = false;
        string joined = line.ToString();
        if (goesOn)
        {
            System.Text.StringBuilder text = new(joined);
            while (goesOn && lines.Next(out line))
            {
                CheckLength(line, lines.Number);
                ReadOnlySpan<char> content = line.TrimStart();
                if (content.Length > 0 && content[0] == '#')
                {
                    DockerfileComment comment = new(lines.Number, content[1..].Trim().ToString());
                    comments.Add(comment);
                    before.Add(comment);
                }
                else if (content.Length == 0)
                {
                    hasEmpty = true;
                }
                else
                {
                    goesOn = Continues(ref line);
                    text.Append(line);
                }
            }

            joined = text.ToString();
        }

        int lastLine = lines.Number;
        if (Make(joined, start, lastLine, before, hasEmpty ? lastLine : null) is not { } made)
        {
            return;
        }

        instructions.Add(made);
        DockerfileInstruction inner = made.Trigger ?? made;
        if (inner.Name is "RUN" or "COPY" or "ADD" && !inner.IsJson && joined.Contains("<<", StringComparison.Ordinal))
        {
            made.Heredocs = inner.Heredocs = ReadHeredocs(lines, joined, made);
        }

        made.EndLine = inner.EndLine = lines.Number;
    }

    private List<DockerfileHeredoc> ReadHeredocs(LineReader lines, string joined, DockerfileInstruction instruction)
    {
        List<DockerfileHeredoc> heredocs = [];
        foreach ((string name, bool expands, bool chomps) in DockerfileWord.Split(joined).Select(HeredocOf).OfType<(string, bool, bool)>())
        {
            System.Text.StringBuilder content = new();
            bool ended = false;
            while (!ended && lines.Next(out ReadOnlySpan<char> line))
            {
                ReadOnlySpan<char> shown = chomps ? line.TrimStart('\t') : line;
                ended = shown.SequenceEqual(name);
                if (!ended)
                {
                    content.Append(shown).Append('\n');
                }
            }

            if (!ended)
            {
                problems.Add(new(
                    instruction.Line, lines.Number, instruction.Name, $"The heredoc {name} is not ended.",
                    $"Put {name} on a line of its own, {(chomps ? "with nothing but tabs before it" : "without white space around it")}."));
            }

            heredocs.Add(new(name, expands, content.ToString()));
        }

        return heredocs;
    }

    /// <summary>What heredoc a word begins.</summary>
    /// <param name="word">A word, as written.</param>
    /// <returns>Its name, whether variables in it are expanded, whether leading tabs are cut; null for any other word.</returns>
    internal static (string Name, bool Expands, bool Chomps)? HeredocOf(string word)
    {
        if (!word.Contains("<<", StringComparison.Ordinal) || HeredocForm().Match(word) is not { Success: true } match || match.Groups["word"].Length == 0)
        {
            return null;
        }

        string rest = match.Groups["word"].Value;
        ExpandedWord name = DockerfileWord.Expand(rest, '\\', variable => "$" + variable);
        return name.Problem is not null || name.Text.Length == 0 ? null : (name.Text, rest.AsSpan().IndexOfAny('\'', '"') < 0, match.Groups["chomps"].Length > 0);
    }

    // The escape character ends a line that goes on, unless another one stands before it.
    private bool Continues(ref ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> end = line.TrimEnd(" \t");
        if (end.Length == 0 || end[^1] != Escape || (end.Length > 1 && end[^2] == Escape))
        {
            return false;
        }

        line = end[..^1];
        return true;
    }

    private bool TakeDirective(DockerfileComment comment)
    {
        if (Directive(comment.Text) is not { } directive || directive.Name is not ("syntax" or "escape" or "check"))
        {
            return false;
        }

        if (!directives.TryAdd(directive.Name, comment with { Text = directive.Value }))
        {
            problems.Add(new(comment.Line, comment.Line, "", $"The directive {directive.Name} stands twice.", "Keep one of them."));
        }
        else if (directive.Name == "escape")
        {
            if (directive.Value is "\\" or "`")
            {
                Escape = directive.Value[0];
            }
            else
            {
                problems.Add(new(comment.Line, comment.Line, "", "The escape character can be only \\ or `.", "# escape=`"));
            }
        }

        return true;
    }

    private void CheckLength(ReadOnlySpan<char> line, int number)
    {
        if (line.Length > LongestLine)
        {
            problems.Add(new(number, number, "", $"The line is longer than {LongestLine} characters, which BuildKit does not read.", "Put the data in a file and COPY it."));
        }
    }

    [GeneratedRegex(@"^(?<name>[a-zA-Z][a-zA-Z0-9]*)\s*=\s*(?<value>\S.*)$")]
    private static partial Regex DirectiveForm();

    [GeneratedRegex(@"^\d*<<(?<chomps>-?)\s*(?<word>[^<]*)$")]
    private static partial Regex HeredocForm();

    private sealed class LineReader(string text)
    {
        private int at;

        /// <summary>The number of the line that was read last.</summary>
        public int Number { get; private set; }

        /// <summary>Reads a line without its end.</summary>
        public bool Next(out ReadOnlySpan<char> line)
        {
            if (at >= text.Length)
            {
                line = default;
                return false;
            }

            int end = text.IndexOf('\n', at);
            line = (end < 0 ? text.AsSpan(at) : text.AsSpan(at, end - at)).TrimEnd('\r');
            at = end < 0 ? text.Length : end + 1;
            Number++;
            return true;
        }
    }
}
