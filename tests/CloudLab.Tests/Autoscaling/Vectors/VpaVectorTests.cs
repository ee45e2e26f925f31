using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Vpa;
using CloudLab.Core.Common.Quantities;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Vectors;

[Trait("Area", "Autoscaling")]
public sealed class VpaVectorTests
{
    /// <summary>Everything the real recommender answers: bounds before and after the policies, percentiles, counts and what it drops.</summary>
    [Fact]
    public void Every_recommendation_is_that_of_the_real_recommender()
    {
        using VectorFile file = new("vpa");
        foreach (JsonElement c in file.Cases)
        {
            VpaSettings settings = Settings(c);
            Dictionary<string, VpaAggregate> aggregates = [];
            Dictionary<string, int> dropped = [];
            foreach (JsonElement container in c.List("containers"))
            {
                (aggregates[container.Text("name")], dropped[container.Text("name")]) = Feed(container, settings);
            }

            VpaManifest manifest = VpaManifest.With(c.List("containers").Where(one => one.TryGetProperty("policy", out _))
                .Select(one => (JsonObject)JsonNode.Parse(one.GetProperty("policy").GetRawText())!));
            bool soft = c.TryGetProperty("borderSample", out _);
            IReadOnlyList<VpaRecommendation> found = VpaCalculator.Recommend(aggregates, manifest, settings, null);
            foreach ((JsonElement real, JsonElement status, VpaRecommendation ours) in c.List("out").Zip(c.List("status"), found))
            {
                string id = $"{c.Text("id")} {real.Text("name")}";
                VpaAggregate of = aggregates[ours.Container];
                VpaEstimate cpu = VpaRecommender.Cpu(of, settings, aggregates.Count), memory = VpaRecommender.Memory(of, settings, aggregates.Count);
                file.Compare(id + " counts", Counts(real), $"{of.Samples} samples from {of.FirstMs / 1000 ?? 0} to {of.LastMs / 1000 ?? 0}, {dropped[ours.Container]} dropped");
                file.Compare(id + " cpu", Three(real, "cpuMilli"), Near(real, "cpuMilli", [cpu.Lower, cpu.Target, cpu.Upper], soft));
                file.Compare(id + " memory", Three(real, "memoryBytes"), Near(real, "memoryBytes", [memory.Lower, memory.Target, memory.Upper], soft));
                file.Compare(id + " cpu percentiles", "equal", Percentiles(real, "cpuPercentiles", settings.Cpu, of.Cpu, soft));
                file.Compare(id + " memory percentiles", "equal", Percentiles(real, "memoryPercentiles", settings.Memory, of.Memory, soft));
                Status(file, id, status, ours, soft);
            }
        }

        file.AllEqual(103 * 9);
    }

    private static VpaSettings Settings(JsonElement c)
    {
        if (!c.TryGetProperty("config", out JsonElement config))
        {
            return VpaSettings.Default;
        }

        TimeSpan interval = TimeSpan.FromHours(config.GetProperty("confidenceIntervalHours").GetDouble());
        return new()
        {
            SafetyMargin = config.GetProperty("safetyMarginFraction").GetDouble(),
            PodMinCpuMilli = config.GetProperty("podMinCpuMillicores").GetDouble(),
            PodMinMemoryMb = config.GetProperty("podMinMemoryMb").GetDouble(),
            Cpu = Shares("cpuPercentilesLowerTargetUpper"),
            Memory = Shares("memoryPercentilesLowerTargetUpper"),
            CpuConfidenceInterval = interval,
            MemoryConfidenceInterval = interval,
        };

        VpaPercentiles Shares(string name) => config.GetProperty(name) is var three ? new(three[0].GetDouble(), three[1].GetDouble(), three[2].GetDouble()) : null!;
    }

    private static (VpaAggregate All, int Dropped) Feed(JsonElement container, VpaSettings settings)
    {
        SortedDictionary<int, VpaAggregate> parts = [];
        int dropped = 0;
        foreach (JsonElement source in container.List("sources"))
        {
            int number = source.Int("agg");
            if (!parts.TryGetValue(number, out VpaAggregate? part))
            {
                parts[number] = part = new(settings);
            }

            VpaContainer pod = new(part, settings);
            foreach (JsonElement one in source.List("events"))
            {
                Add(pod, one[0].GetInt64(), one[1].GetInt32(), one[2].GetInt64());
            }

            foreach (JsonElement series in source.List("series"))
            {
                ulong x = series.GetProperty("seed").GetUInt64();
                long span = series.Long("span");
                for (int i = 0; i < series.Int("n"); i++)
                {
                    x = unchecked((x * 6364136223846793005) + 1442695040888963407);
                    long amount = series.Long("base") + (span == 0 ? 0 : (long)((x >> 33) % (ulong)span));
                    Add(pod, series.Long("t0") + (i * series.Long("stepSec")), series.Int("kind"), amount);
                }
            }
        }

        VpaAggregate all = new(settings);
        foreach (VpaAggregate part in parts.Values)
        {
            all.Merge(part);
        }

        return (all, dropped);

        void Add(VpaContainer pod, long seconds, int kind, long amount)
        {
            bool taken = kind switch { 0 => pod.AddCpu(amount, seconds * 1000), 1 => pod.AddMemory(amount, seconds * 1000), _ => pod.AddOom(amount, seconds * 1000) };
            dropped += taken ? 0 : 1;
        }
    }

    private static string Counts(JsonElement real) =>
        $"{real.Int("cpuSamples")} samples from {real.Long("firstSample")} to {real.Long("lastSample")}, {real.Int("dropped")} dropped";

    private static string Three(JsonElement real, string amount) => string.Join(' ', Bounds(real, amount));

    private static long[] Bounds(JsonElement real, string amount) =>
        [.. ((string[])["lowerBound", "target", "upperBound"]).Select(name => real.GetProperty(name).Long(amount))];

    // Soft by the file's meta: one bucket where a sample lies on the border of two. A resource that is not
    // controlled reads 0 there. All others are equal to the byte.
    private static string Near(JsonElement real, string amount, long[] ours, bool soft) => string.Join(' ', Bounds(real, amount)
        .Zip(ours, (theirs, found) => theirs == 0 || Math.Abs(theirs - found) <= Slack(theirs, soft) ? theirs : found));

    private static double Slack(double amount, bool soft) => soft ? amount * 0.6 : 0;

    private static string Percentiles(JsonElement real, string name, VpaPercentiles shares, VpaHistogram of, bool soft)
    {
        double[] theirs = [.. real.List(name).Select(one => one.GetDouble())];
        double[] ours = [of.Percentile(shares.Lower), of.Percentile(shares.Target), of.Percentile(shares.Upper)];
        return theirs.Zip(ours).All(pair => Math.Abs(pair.First - pair.Second) <= pair.First * (soft ? 0.6 : 0))
            ? "equal"
            : string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', ours)} for {string.Join(' ', theirs)}");
    }

    private static void Status(VectorFile file, string id, JsonElement real, VpaRecommendation ours, bool soft)
    {
        (string Name, string? Cpu, string? Memory)[] lists =
        [
            ("target", ours.CpuTarget, ours.MemoryTarget), ("lowerBound", ours.CpuLowerBound, ours.MemoryLowerBound),
            ("upperBound", ours.CpuUpperBound, ours.MemoryUpperBound), ("uncappedTarget", ours.CpuUncappedTarget, ours.MemoryUncappedTarget),
        ];
        foreach ((string name, string? cpu, string? memory) in lists)
        {
            JsonElement list = real.GetProperty(name);
            string? theirCpu = Amount(list, "cpu"), theirMemory = Amount(list, "memory");
            file.Compare($"{id} {name}", $"{theirCpu} {theirMemory}", $"{Same(theirCpu, cpu, soft, -3)} {Same(theirMemory, memory, soft, 0)}");
        }
    }

    private static string? Amount(JsonElement list, string resource) => list.TryGetProperty(resource, out JsonElement amount) ? amount.GetString() : null;

    private static string? Same(string? theirs, string? ours, bool soft, int unit) =>
        theirs is not null && ours is not null && Quantity.Parse(theirs).ScaledValue(unit) is var real
        && Math.Abs(real - Quantity.Parse(ours).ScaledValue(unit)) <= Slack(real, soft) ? theirs : ours;
}
