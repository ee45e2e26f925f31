using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Autoscaling.Replay;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>
/// What containers used: rows with a time, the container, CPU in cores and memory in bytes, or series of Prometheus. Containers of the same name in
/// several pods are told apart by the pod, and make one history.
/// </summary>
public sealed class VpaSamples
{
    private const string CounterName = "container_cpu_usage_seconds_total";
    private static readonly string[] Labels = ["Namespace", "Pod", "Container"];
    private static readonly string[] CpuNames = ["cpu", "CpuUsage", "CpuCores"];
    private static readonly string[] MemoryNames = ["memory", "MemoryUsage", "MemoryBytes", "mem"];
    private static readonly string[] OomNames = ["oom", "OomMemory"];

    private readonly HpaLoadReader rows = NewReader();
    private readonly HpaLoadReader cpu = NewReader();
    private readonly HpaLoadReader memory = NewReader();
    private readonly List<Event> ooms = [];
    private readonly List<string> doubts = [];

    private enum Amount
    {
        Cpu,
        Memory,
        Oom,
    }

    /// <summary>What may be wrong with the samples, in words; complete after <see cref="Aggregates"/>.</summary>
    public IReadOnlyList<string> Doubts => doubts;

    /// <summary>Reads rows, CSV, and series that have a name.</summary>
    public HpaLoadReader Reader => rows;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="resource"><c>cpu</c> or <c>memory</c> where its series have no name; null where they have, or where it is a table.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Done when it is read.</returns>
    public Task AddFileAsync(string path, string? resource, CancellationToken cancellation) =>
        (resource switch { "cpu" => cpu, "memory" => memory, _ => rows }).AddFileAsync(path, cancellation);

    /// <summary>Adds that a container ran out of memory.</summary>
    /// <param name="oom">An object with Time, Memory (its request), and where they matter Container, Pod and Namespace.</param>
    public void AddOom(JsonNode? oom)
    {
        JsonObject fields = oom as JsonObject ?? throw Invalid("An OOM event is an object with Time, Container and Memory, the memory that the container requested.");
        int number = ooms.Count + 1;
        string time = Field(fields, "Time") ?? throw Invalid($"OOM event {number} has no Time: give the time of the kill, as in 2026-11-29T10:00:00Z.");
        string amount = Field(fields, "Memory") ?? throw Invalid($"OOM event {number} has no Memory: give the memory that the container requested, as in 512Mi.");
        long milli = HpaLoad.Milli(amount, "Memory of an OOM event", number);
        long timeMs = HpaLoad.TimeMs(time, number);
        ooms.Add(new(
            timeMs, Amount.Oom, Checked(milli, "Memory of an OOM event", timeMs) / 1000,
            Field(fields, "Container") ?? "", $"{Field(fields, "Namespace")}/{Field(fields, "Pod")}"));
    }

    /// <summary>Feeds all samples in the order of their times.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="unnamed">What to call a container without a name.</param>
    /// <returns>What is known of each container.</returns>
    internal IReadOnlyDictionary<string, VpaAggregate> Aggregates(VpaSettings settings, string unnamed)
    {
        List<Event> events = [];
        Take(rows, null, events);
        Take(cpu, "cpu", events);
        Take(memory, "memory", events);
        if (Strangers() is { } strangers)
        {
            doubts.Insert(0, strangers);
        }

        if (events.Count == 0)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "NoSamples",
                "There are no samples: pipe rows with Time, Container, Cpu and Memory, give -SamplePath samples.csv, or -CpuPath and -MemoryPath with answers of Prometheus.");
        }

        // Of one time: a sample before the kill that followed it.
        bool pods = events.Exists(one => one.Container.Length > 0);
        if (pods && events.RemoveAll(one => one.Container is "" or "POD") > 0)
        {
            doubts.Add("Samples without a container are left out: they are the sums of whole pods.");
        }

        events.AddRange(ooms);
        Dictionary<string, VpaAggregate> aggregates = new(StringComparer.Ordinal);
        Dictionary<(string, string), VpaContainer> containers = [];
        int dropped = 0;
        foreach (Event one in events.OrderBy(one => one.TimeMs).ThenBy(one => one.Amount))
        {
            string name = one.Container.Length > 0 ? one.Container : unnamed;
            if (!aggregates.TryGetValue(name, out VpaAggregate? aggregate))
            {
                aggregates[name] = aggregate = new(settings);
            }

            if (!containers.TryGetValue((name, one.Pod), out VpaContainer? container))
            {
                containers[(name, one.Pod)] = container = new(aggregate, settings);
            }

            bool taken = one.Amount switch
            {
                Amount.Cpu => container.AddCpu(one.Value, one.TimeMs),
                Amount.Memory => container.AddMemory(one.Value, one.TimeMs),
                _ => container.AddOom(one.Value, one.TimeMs),
            };
            dropped += taken ? 0 : 1;
        }

        if (dropped > 0)
        {
            doubts.Add($"{dropped} samples are dropped, as the recommender does: of the same time as the one before, or an OOM event a day older than the newest sample.");
        }

        return aggregates;
    }

    // The first thing to say: a column that was meant to be one of those that count makes all numbers wrong.
    private string? Strangers()
    {
        HpaLoadReader[] readers = [rows, cpu, memory];
        string? text = readers.SelectMany(reader => reader.IgnoredTexts).FirstOrDefault();
        if (text is not null && !readers.SelectMany(reader => reader.Loads).SelectMany(load => load.Labels).Any(label => label.Key.Equals("Container", StringComparison.OrdinalIgnoreCase)))
        {
            throw Invalid($"The column '{text}' is not understood: the container's column is called Container. Rename it, or leave it out where there is only one container.");
        }

        string[] names = [.. readers.SelectMany(reader => reader.Ignored).Distinct(StringComparer.OrdinalIgnoreCase).Select(name => $"'{name}'")];
        return names.Length == 0 ? null
            : $"The column{(names.Length > 1 ? "s" : "")} {string.Join(", ", names)} {(names.Length > 1 ? "are" : "is")} not understood and left out: what counts is Time, Namespace, Pod, Container, Cpu, Memory and Oom.";
    }

    private static HpaLoadReader NewReader() => new(Labels, name => Known(name) is not null);

    private static Amount? Known(string name) =>
        Is(name, CpuNames) ? Amount.Cpu : Is(name, MemoryNames) ? Amount.Memory : Is(name, OomNames) ? Amount.Oom : null;

    private static bool Is(string name, string[] names) => names.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static string? Field(JsonObject fields, string name) =>
        fields.FirstOrDefault(field => field.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is JsonValue value && value.ToString() is { Length: > 0 } text ? text : null;

    private static string Label(HpaLoad load, string name) =>
        load.Labels.FirstOrDefault(label => label.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    private static LabException Invalid(string message) => HpaLoad.Invalid("SampleInvalid", message);

    private static long Checked(long milli, string key, long timeMs) => milli >= 0 ? milli : throw Invalid(
        $"{key} at {HpaLoad.Show(timeMs)} is {milli / 1000.0:0.###}: usage cannot be negative. Give cores as in 0.25 or 250m, and bytes as in 128Mi.");

    private void Take(HpaLoadReader reader, string? resource, List<Event> events)
    {
        foreach (HpaLoad load in reader.Loads)
        {
            doubts.AddRange(load.Check(
                "The history", "name the pods in a column Pod",
                "nothing is counted there. The recommender takes a sample a minute; with fewer it trusts the history less.").Take(5 - Math.Min(5, doubts.Count)));
            string container = Label(load, "container"), pod = $"{Label(load, "namespace")}/{Label(load, "pod")}";
            bool any = false;
            foreach (string key in load.Keys)
            {
                Amount kind = Known(resource ?? key) ?? OfSeries(key, Label(load, "resource"));
                any |= kind != Amount.Oom;
                IReadOnlyList<long> values = load.Values(key);
                for (int i = 0; i < values.Count; i++)
                {
                    if (values[i] == HpaLoad.None)
                    {
                        continue;
                    }

                    long milli = Checked(values[i], key, load.Times[i]);
                    events.Add(new(load.Times[i], kind, kind == Amount.Cpu ? milli : milli / 1000, container, pod));
                }
            }

            if (!any)
            {
                throw Invalid("The samples have neither a column Cpu nor a column Memory: give Time,Container,Cpu,Memory with cores and bytes, as in 0.25 or 250m and 128Mi.");
            }
        }
    }

    private static Amount OfSeries(string key, string resource) => key == CounterName
        ? throw Invalid($"{CounterName} counts seconds since the start: ask Prometheus for rate({CounterName}[5m]), which are cores.")
        : Known(resource)
            ?? (key.Contains("cpu", StringComparison.OrdinalIgnoreCase) ? Amount.Cpu
            : key.Contains("memory", StringComparison.OrdinalIgnoreCase) ? Amount.Memory
            : throw Invalid("The series do not say whether they are CPU or memory: give them with -CpuPath cpu.json and -MemoryPath memory.json."));

    private readonly record struct Event(long TimeMs, Amount Amount, long Value, string Container, string Pod);
}
