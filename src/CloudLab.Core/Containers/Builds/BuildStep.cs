using System.Text;
using System.Text.RegularExpressions;

namespace CloudLab.Core.Containers.Builds;

/// <summary>One vertex of a build: a step of the Dockerfile, or something BuildKit does around it.</summary>
/// <param name="name">The name BuildKit shows: <c>[linux/arm64 build 2/4] RUN make</c>.</param>
/// <param name="target">The target of a bake file, with which the name then begins: <c>[site build 2/4] RUN make</c>; else null.</param>
internal sealed partial class BuildStep(string name, string? target = null)
{
    private const int KeptLines = 20;

    private readonly Match match = Numbered().Match(target is null ? name : "[" + name[(target.Length + 1)..].TrimStart());
    private readonly Queue<string> output = new();
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder line = new();

    /// <summary>The whole name.</summary>
    public string Name { get; } = name;

    /// <summary>The target of the bake file, where several are built.</summary>
    public string? Target { get; } = target;

    /// <summary>True for a step of the Dockerfile.</summary>
    public bool IsInstruction => match.Success;

    /// <summary>What the Dockerfile says: <c>RUN make</c>.</summary>
    public string Instruction => match.Success ? match.Groups["instruction"].Value : Name;

    /// <summary>The platform that is built, where BuildKit names it.</summary>
    public string? Platform
    {
        get
        {
            string shown = match.Groups["platform"].Value;
            int arrow = shown.IndexOf("->", StringComparison.Ordinal);
            string target = arrow < 0 ? shown : shown[(arrow + 2)..];
            return target.Length == 0 ? null : target.Contains('/', StringComparison.Ordinal) ? target : "linux/" + target;
        }
    }

    /// <summary>Name of its stage, or null for one without a name.</summary>
    public string? Stage => match.Groups["stage"].Value is { Length: > 0 } stage ? stage : null;

    /// <summary>Its number in the stage.</summary>
    public int Number => match.Success ? int.Parse(match.Groups["number"].ValueSpan, null) : 0;

    /// <summary>The platform and stage that the step is counted in.</summary>
    public string Group => $"{Target} {match.Groups["platform"].Value} {match.Groups["stage"].Value}";

    /// <summary>Number of steps of its group.</summary>
    public int GroupSize => match.Success ? int.Parse(match.Groups["of"].ValueSpan, null) : 0;

    /// <summary>Ids of the steps it builds on.</summary>
    public IReadOnlyList<string> Inputs { get; set; } = [];

    /// <summary>True once it has ended, well or not.</summary>
    public bool Completed { get; set; }

    /// <summary>True where nothing had to be run.</summary>
    public bool Cached { get; set; }

    /// <summary>How long it took; null where BuildKit does not tell.</summary>
    public TimeSpan? Duration { get; set; }

    /// <summary>When it was heard that it started, by this machine's clock.</summary>
    public long? Clock { get; set; }

    /// <summary>When BuildKit began with it.</summary>
    public DateTimeOffset? Started { get; set; }

    /// <summary>When BuildKit was done with it.</summary>
    public DateTimeOffset? Ended { get; set; }

    /// <summary>Why it failed, or null.</summary>
    public string? Error { get; set; }

    /// <summary>The last lines that it wrote.</summary>
    public IReadOnlyCollection<string> Output => output;

    /// <summary>Takes a piece of what the step writes.</summary>
    /// <param name="bytes">UTF-8, cut anywhere.</param>
    /// <returns>The lines that are whole now.</returns>
    public IReadOnlyList<string> Take(byte[] bytes)
    {
        char[] text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        int count = decoder.GetChars(bytes, text, flush: false);
        List<string> lines = [];
        foreach (char c in text.AsSpan(0, count))
        {
            if (c is '\n' or '\r')
            {
                Flush(lines);
            }
            else if (!char.IsControl(c) || c == '\t')
            {
                line.Append(c);
            }
        }

        return lines;
    }

    /// <summary>Ends the last line.</summary>
    /// <returns>It, or nothing.</returns>
    public IReadOnlyList<string> Finish()
    {
        List<string> lines = [];
        Flush(lines);
        return lines;
    }

    [GeneratedRegex(@"^\[(?:(?<platform>[^\]\s]+/[^\]\s]+)\s)?(?:(?<stage>[^\]\s]+)\s+)?(?<number>\d+)/(?<of>\d+)\]\s(?<instruction>.*)$", RegexOptions.Singleline)]
    private static partial Regex Numbered();

    private void Flush(List<string> lines)
    {
        if (line.Length == 0)
        {
            return;
        }

        lines.Add(line.ToString());
        output.Enqueue(lines[^1]);
        if (output.Count > KeptLines)
        {
            output.Dequeue();
        }

        line.Clear();
    }
}
