using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Containers.Builds;

/// <summary>
/// Reads what <c>buildx build</c> and <c>buildx bake</c> write with <c>--progress=rawjson</c>: one JSON object a line with the steps, their output and
/// the Dockerfile's warnings; and, in between, plain text, above all the reason for which the build failed.
/// </summary>
/// <param name="reporter">Told of each step and of each line of output.</param>
/// <param name="activity">What the progress is called.</param>
/// <param name="hide">Takes secrets out of a text.</param>
/// <param name="targets">The targets of a bake file, where there are several: the names of steps begin with them then.</param>
internal sealed class BuildLog(IReporter reporter, string activity, Func<string, string> hide, IReadOnlyCollection<string>? targets = null) : IDisposable
{
    // Targets that share a step share its id, too.
    private readonly Dictionary<(string Id, string? Target), BuildStep> steps = [];
    private readonly List<string> text = [];
    private readonly List<(string Step, LabBuildWarning Warning)> warnings = [];
    private readonly ProgressMeter meter = new(reporter, activity);
    private StringBuilder? spread;
    private volatile Progress last = new("starting", null);

    /// <summary>The steps so far, in the order in which they were heard of.</summary>
    public IReadOnlyCollection<BuildStep> Steps => steps.Values;

    /// <summary>The lines that are no JSON.</summary>
    public IReadOnlyList<string> Text => text;

    /// <summary>The steps of one target.</summary>
    /// <param name="target">The target; null for all steps.</param>
    /// <returns>Its steps.</returns>
    public IEnumerable<BuildStep> StepsOf(string? target) => steps.Values.Where(step => target is null || step.Target == target);

    /// <summary>What the Dockerfile's checks found.</summary>
    /// <param name="target">The target; null for everything.</param>
    /// <returns>The warnings.</returns>
    public IEnumerable<LabBuildWarning> WarningsOf(string? target) =>
        warnings.Where(found => target is null || steps.ContainsKey((found.Step, target))).Select(found => found.Warning).Distinct();

    /// <summary>Reads a line.</summary>
    /// <param name="line">JSON or text.</param>
    public void Read(string line)
    {
        if (line.Length == 0)
        {
            return;
        }

        // buildx up to 0.13 spreads an object over lines.
        if (line == "{")
        {
            spread = new StringBuilder(line);
            return;
        }

        if (spread is not null && line[0] is ' ' or '}')
        {
            spread!.Append(line);
            if (line[0] == ' ')
            {
                return;
            }

            line = spread.ToString();
        }

        spread = null;

        if (line[0] == '{')
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                Read(document.RootElement);
                return;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                // A line that only looks like JSON, or a form of it that this version does not know: text.
            }
        }

        text.Add(hide(line));
    }

    /// <summary>The platform that a step is for. BuildKit leaves it out of some names, but not of all that come before.</summary>
    /// <param name="step">A step.</param>
    /// <returns>The platform, or null.</returns>
    public string? PlatformOf(BuildStep step)
    {
        Queue<BuildStep> ahead = new([step]);
        HashSet<BuildStep> seen = [];
        while (ahead.TryDequeue(out BuildStep? next))
        {
            if (next.Platform is { } platform)
            {
                return platform;
            }

            foreach (BuildStep input in next.Inputs.Select(id => steps.GetValueOrDefault((id, next.Target))).OfType<BuildStep>().Where(seen.Add))
            {
                ahead.Enqueue(input);
            }
        }

        return null;
    }

    /// <summary>Shows how far the build is, also while a step says nothing.</summary>
    public void ShowProgress()
    {
        Progress state = last;
        meter.Note(state.Status, state.Fraction);
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private static string? String(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DateTimeOffset? Time(JsonElement element, string name) =>
        DateTimeOffset.TryParse(String(element, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private void Read(JsonElement message)
    {
        foreach (JsonElement vertex in Items(message, "vertexes"))
        {
            ReadVertex(vertex);
        }

        foreach (JsonElement log in Items(message, "logs"))
        {
            if (log.TryGetProperty("data", out JsonElement data))
            {
                string id = String(log, "vertex") ?? "";
                byte[] bytes = data.GetBytesFromBase64();
                bool said = false;
                foreach (BuildStep step in steps.Where(pair => pair.Key.Id == id).Select(pair => pair.Value))
                {
                    IReadOnlyList<string> lines = step.Take(bytes);
                    Say(step, said ? [] : lines);
                    said = true;
                }
            }
        }

        foreach (JsonElement warning in Items(message, "warnings"))
        {
            JsonElement start = Items(warning, "range").FirstOrDefault();
            int? line = start.ValueKind == JsonValueKind.Object
                && start.TryGetProperty("start", out JsonElement first) && first.TryGetProperty("line", out JsonElement number)
                ? number.GetInt32()
                : null;
            string said = Encoding.UTF8.GetString(warning.GetProperty("short").GetBytesFromBase64());
            warnings.Add((String(warning, "vertex") ?? "", new LabBuildWarning(hide(said), line, String(warning, "url"))));
        }
    }

    private void ReadVertex(JsonElement vertex)
    {
        string name = String(vertex, "name") ?? "";
        string? target = name is ['[', ..] && name.AsSpan().IndexOfAny(' ', ']') is > 0 and int end && targets?.Contains(name[1..end]) == true ? name[1..end] : null;
        (string Id, string? Target) key = (String(vertex, "digest") ?? "", target);
        if (!steps.TryGetValue(key, out BuildStep? step))
        {
            steps[key] = step = new BuildStep(hide(name), target);
        }

        if (Items(vertex, "inputs").Select(input => input.GetString()!).ToArray() is { Length: > 0 } inputs)
        {
            step.Inputs = inputs;
        }

        step.Cached |= vertex.TryGetProperty("cached", out JsonElement cached) && cached.ValueKind == JsonValueKind.True;
        step.Error = String(vertex, "error") is { } error ? hide(error) : step.Error;
        if (String(vertex, "started") is not null)
        {
            step.Clock ??= Stopwatch.GetTimestamp();
            step.Started ??= Time(vertex, "started");
        }

        if (String(vertex, "completed") is not null && !step.Completed)
        {
            step.Completed = true;
            step.Ended = Time(vertex, "completed");
            step.Duration = step.Ended - Time(vertex, "started");
            Say(step, step.Finish());
            string took = step.Cached ? "cached"
                : string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(step.Clock ?? Stopwatch.GetTimestamp()).TotalSeconds:0.0} s");
            reporter.Verbose($"{step.Name} ({(step.Error is null ? took : "failed")})");
        }

        BuildStep[] instructions = [.. steps.Values.Where(s => s.IsInstruction)];
        int all = instructions.GroupBy(s => s.Group, s => s.GroupSize).Sum(g => g.Max());
        int done = instructions.Count(s => s.Completed);
        last = new Progress(step.Completed ? last.Status : step.Name, all > 0 ? Math.Min(1, (double)done / all) : null);
        ShowProgress();
    }

    private void Say(BuildStep step, IReadOnlyList<string> lines)
    {
        foreach (string line in lines)
        {
            reporter.Verbose($"{(step.IsInstruction ? step.Name[..(step.Name.IndexOf(']', StringComparison.Ordinal) + 1)] : step.Name)} {hide(line)}");
        }
    }

    private sealed record Progress(string Status, double? Fraction);
}
