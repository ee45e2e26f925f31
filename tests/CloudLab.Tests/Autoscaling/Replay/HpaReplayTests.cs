using System.Globalization;
using System.Text;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Autoscaling.Replay;
using CloudLab.Core.Common.Errors;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Replay;

[Trait("Area", "Autoscaling")]
public sealed class HpaReplayTests
{
    private const string Value = """
        kind: HorizontalPodAutoscaler
        spec: { minReplicas: 1, maxReplicas: 10, metrics: [{ type: Resource, resource: { name: cpu, target: { averageValue: 100m } } }] }
        """;

    // 200m for one pod at 0 s is twice 100m: 2 pods, the new one ready at 30 s. Metrics are 15 s old, so the 0.8 of 30 s are seen at 45 s: 400m each, but
    // what was measured on the new pod is from before it was ready for a whole window, and it counts as idle: ceil(2 x 2) = 4. In truth it is 4 times the target.
    [Fact]
    public void Pods_start_and_metrics_lag()
    {
        HpaReplayStep[] steps = Run(Value, "Time,cpu\n0,0.2\n30,0.8\n120,0.8\n", new() { PodStartup = TimeSpan.FromSeconds(30) });
        Assert.Equal([0, 15, 30, 45, 60, 75, 90, 105, 120], steps.Select(step => (int)step.Time.ToUnixTimeSeconds()));
        Assert.Equal((1, 2, 1), (steps[0].CurrentReplicas, steps[0].DesiredReplicas, steps[0].ReadyReplicas));
        Assert.Equal((2, 1), (steps[1].CurrentReplicas, steps[1].ReadyReplicas));
        Assert.Equal(2, steps[2].ReadyReplicas);
        Assert.Equal((2, 4, 4, HpaLimit.None), (steps[3].CurrentReplicas, steps[3].DesiredReplicas, steps[3].CalculatedReplicas, steps[3].LimitedBy));
        Assert.Equal(4.0, steps[3].LoadRatio);
        Assert.Equal(8, steps[^1].DesiredReplicas);
    }

    [Fact]
    public void Scaling_down_waits_for_the_window()
    {
        StringBuilder csv = new("Time,cpu\n0,1\n15,0.1\n");
        csv.Append(CultureInfo.InvariantCulture, $"{900},0.1\n");
        HpaReplayStep[] steps = Run(Value, csv.ToString(), new() { Replicas = 10 });
        HpaReplayStep down = steps.First(step => step.Change < 0);
        // Seen at 30 s; the recommendation of 15 s is 300 s old at 315 s and older at 330 s.
        Assert.Equal((330, 1), ((int)down.Time.ToUnixTimeSeconds(), down.DesiredReplicas));
        Assert.Equal(HpaLimit.Stabilization, steps.Single(step => step.Time.ToUnixTimeSeconds() == 60).LimitedBy);
    }

    [Fact]
    public void The_sums_are_those_of_the_steps()
    {
        const string Csv = "Time,cpu\n0,0.1\n60,0.5\n300,0.2\n1800,0.2\n";
        HpaReplayStep[] steps = Run(Value, Csv, new());
        HpaReplaySummary sum = new HpaReplay(HpaManifest.Read(Value, ""), Load(Csv), new()).Sum(TestContext.Current.CancellationToken);
        Assert.Equal(steps.Length, sum.Steps);
        Assert.Equal(steps.SkipLast(1).Sum(step => step.DesiredReplicas * 15L), sum.ReplicaSeconds);
        Assert.Equal(steps.SkipLast(1).Count(step => step.LoadRatio > 1) * 15L, sum.SecondsOverTarget);
        Assert.Equal((steps.Count(step => step.Change > 0), steps.Count(step => step.Change < 0)), (sum.ScaleUps, sum.ScaleDowns));
        Assert.Equal(1, sum.Flaps);
        Assert.Equal((1, steps.Max(step => step.DesiredReplicas)), (sum.LowestReplicas, sum.HighestReplicas));
    }

    [Fact]
    public void A_limit_of_the_pod_hides_what_it_would_use()
    {
        // One pod, 4 cores asked of it, but it is held at 1: 200 % of 500m, so ceil(2 / 0.6 x 2) steps only.
        string yaml = File.ReadAllText(Path.Combine(Module.Repository.Folder, "examples/autoscaling/hpa.yaml"));
        HpaReplayStep first = Run(yaml, "Time,cpu\n0,4\n15,4\n", new())[0];
        Assert.Equal((200.0, 4), (first.Decision.CurrentValue, first.DesiredReplicas));
        Assert.Equal(4 / 2 / 0.3, first.LoadRatio, 9);
    }

    [Fact]
    public void Prometheus_gives_several_workloads()
    {
        HpaLoadReader reader = new();
        reader.AddText("""
            {"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"deployment":"a"},"values":[[1795824000,"0.1"],[1795824015.5,"NaN"],[1795824030,"0.2"]]},
            {"metric":{"ns":"x","deployment":"b"},"values":[[1795824000,"1"],[1795824015,"2"]]}]}}
            """);
        Assert.Equal([("a", 3), ("ns=x,deployment=b", 2)], reader.Loads.Select(load => (load.Workload, load.Count)));
        Assert.Equal([1795824000000, 1795824015500, 1795824030000], reader.Loads[0].Times.ToArray());
        HpaReplayStep[] steps = [.. new HpaReplay(HpaManifest.Read(Value, ""), reader.Loads[0], new()).Run(TestContext.Current.CancellationToken)];
        Assert.Equal(3, steps.Length);
    }

    [Theory]
    [InlineData("Time,cpu\n0,1\n", "LoadTooShort", "has 1 point in time: a replay needs two or more")]
    [InlineData("Time,rps\n0,none\n15,2\n", "LoadInvalid", "Row 1: rps is text, but in row 2 it is a number")]
    [InlineData("Time,cpu\n0,1\n30,1\n15,1\n", "LoadUnsorted", "row 3: 1970-01-01 00:00:15Z is before 1970-01-01 00:00:30Z: sort by time")]
    [InlineData("Time,cpu\n0,1\n15,1\n15,2\n", "LoadDuplicate", "rows 2 and 3: 1970-01-01 00:00:15Z is there twice")]
    [InlineData("Time,cpu\n0,1\nnoon,1\n", "LoadInvalid", "Row 2: 'noon' is not a time")]
    [InlineData("Time,cpu\n0,45%\n", "LoadInvalid", "not a percentage")]
    [InlineData("Time,cpu\n0,much\n", "LoadInvalid", "'much', which is not a number")]
    [InlineData("Time,cpu\n0,Infinity\n", "LoadInvalid", "no autoscaler can use")]
    [InlineData("When,cpu\n0,1\n", "LoadInvalid", "Row 1 has no time")]
    [InlineData("Time,memory,rps\n0,1,1\n15,1,1\n", "LoadLacksMetric", "no column cpu")]
    [InlineData("""{"data":{"resultType":"vector","result":[]}}""", "LoadInvalid", "query_range")]
    [InlineData("""{"data":""", "LoadInvalid", "is not JSON")]
    [InlineData("""{"a":1}""", "LoadInvalid", "it has no result")]
    public void A_load_that_cannot_be_replayed_is_told_in_one_line(string text, string code, string part)
    {
        LabException e = Assert.Throws<LabException>(() => Run(Value, text, new()));
        Assert.Equal(code, e.Code);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void A_request_that_is_not_known_is_asked_for()
    {
        LabException e = Assert.Throws<LabException>(() => Run("kind: HorizontalPodAutoscaler\nspec: { maxReplicas: 3 }", "Time,cpu\n0,1\n15,1\n", new()));
        Assert.Equal("RequestUnknown", e.Code);
        Assert.Contains("-Request @{ cpu = '500m' }", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_without_a_workload_is_that_of_the_container_that_is_measured()
    {
        const string Manifest = "kind: HorizontalPodAutoscaler\nspec: { maxReplicas: 9, metrics: [{ type: ContainerResource, containerResource: { name: cpu, container: app, target: { averageUtilization: 50 } } }] }";
        HpaReplayStep[] steps = Run(Manifest, "Time,cpu\n0,1\n600,1\n", new() { Requests = new Dictionary<string, long> { ["cpu"] = 500 } });
        Assert.Equal(4, steps[^1].DesiredReplicas);
    }

    [Fact]
    public void A_gap_is_told_and_the_value_held()
    {
        string gap = Assert.Single(Load("Time,cpu\n0,1\n15,1\n30,1\n600,1\n615,1\n").Check());
        Assert.Contains("has a gap from 1970-01-01 00:00:30Z to 1970-01-01 00:10:00Z", gap, StringComparison.Ordinal);
    }

    [Fact]
    public void The_charts_show_replicas_load_and_time()
    {
        HpaCurve curve = new("a <b>");
        foreach (HpaReplayStep step in Run(Value, "Time,cpu\n0,0.1\n60,0.5\n300,0.2\n1800,0.2\n", new()))
        {
            curve.Add(step);
        }

        string[] lines = [.. HpaPlot.Text([curve], 80)];
        Assert.Equal("Replicas: a <b>", lines[0]);
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.Contains('█', lines[1]);
        Assert.Contains(lines, line => line.Contains("00:00Z", StringComparison.Ordinal) && line.EndsWith("00:30Z", StringComparison.Ordinal));
        System.Xml.Linq.XDocument svg = System.Xml.Linq.XDocument.Parse(HpaPlot.Svg([curve]));
        Assert.Contains(svg.Descendants(), element => element.Name.LocalName == "path" && element.Attribute("d")!.Value.Contains('H', StringComparison.Ordinal));
        Assert.Contains(svg.Descendants(), element => element.Value == "a <b>");
    }

    [Fact]
    public void A_step_without_a_decision_in_words_takes_next_to_no_memory()
    {
        StringBuilder csv = new("Time,cpu\n");
        for (int i = 0; i < 5760; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{i * 15},{1 + Math.Sin(i / 300.0)}\n");
        }

        HpaLoad load = Load(csv.ToString());
        HpaManifest manifest = HpaManifest.Read(Value, "");
        HpaReplay warm = new(manifest, load, new());
        warm.Sum(TestContext.Current.CancellationToken);
        HpaReplay replay = new(manifest, load, new());
        long before = GC.GetAllocatedBytesForCurrentThread();
        HpaReplaySummary sum = replay.Sum(TestContext.Current.CancellationToken);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < sum.Steps * 64, $"{GC.GetAllocatedBytesForCurrentThread() - before} bytes for {sum.Steps} steps");
    }

    private static HpaLoad Load(string csv)
    {
        HpaLoadReader reader = new();
        reader.AddText(csv);
        return Assert.Single(reader.Loads);
    }

    private static HpaReplayStep[] Run(string manifest, string text, HpaReplayOptions options)
    {
        HpaLoadReader reader = new();
        reader.AddText(text);
        HpaLoad load = reader.Loads.Count == 0 ? new HpaLoad("") : reader.Loads[0];
        load.Check();
        return [.. new HpaReplay(HpaManifest.Read(manifest, ""), load, options).Run(TestContext.Current.CancellationToken)];
    }
}
