using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Quota;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Autoscaling.Schedules.Calendar;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Autoscaling;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;
using CloudLab.Tests.Common;
using CloudLab.Tests.Module;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Autoscaling;

/// <summary>Live autoscaling, CronJobs and quotas on the emulator, whose metrics are annotations.</summary>
[Trait("Area", "Kubernetes")]
public sealed class AutoscalingTests() : KubeTest(KubeServer.Emulator)
{
    private const string Scaler = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 1, maxReplicas: 8";
    private const string Busy = "emulator.cloudlab/cpu: 300m";

    /// <summary>Each with one fault, and a word of the message.</summary>
    public static TheoryData<string, string, string> Broken() => new()
    {
        { Scaler + "}}", "TargetMissing", "\"web\" not found" },
        { Web("", request: "") + Scaler + "}}", "RequestMissing", "container web" },
        { Web(Busy) + Scaler + "}}\n---\n" + Scaler.Replace("{name: web}, spec", "{name: twin}, spec", StringComparison.Ordinal) + "}}", "SharedTarget", "twin" },
        {
            Web(Busy) + Web(Busy, name: "shop", selector: "{part: a}") + Scaler + "}}\n---\n" + Scaler.Replace("{name: web}, spec", "{name: shop}, spec", StringComparison.Ordinal).Replace("name: web}, min", "name: shop}, min", StringComparison.Ordinal) + "}}",
            "SharedPods", "shop"
        },
        { Web(Busy, selector: "{part: a}") + "{apiVersion: v1, kind: Pod, metadata: {name: stray, labels: {part: a}}, spec: {containers: [{name: a, image: 'b:1'}]}}\n---\n" + Scaler + "}}", "ForeignPods", "stray" },
        { Web("emulator.cloudlab/cpu: 105m") + Scaler + ", metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}}", "WithinTolerance", "1.04 times" },
        { Web("") + Scaler + "}}", "PodsWithoutMetrics", "none of the" },
        { Web(Busy) + Scaler + ", metrics: [{type: External, external: {metric: {name: depth}, target: {type: Value, value: 5}}}]}}", "MetricsUnavailable", "depth" },
        { Web(Busy) + Scaler.Replace("maxReplicas: 8", "maxReplicas: 2", StringComparison.Ordinal) + "}}", "AtMaximum", "maxReplicas is 2" },
        { Web(Busy) + Scaler.Replace("minReplicas: 1, maxReplicas: 8", "minReplicas: 2, maxReplicas: 2", StringComparison.Ordinal) + "}}", "BoundsEqual", "both 2" },
        { Web("emulator.cloudlab/cpu: 10m") + Scaler + "}}", "Stabilizing", "window of 300 s" },
        { Web(Busy) + Scaler + ", behavior: {scaleUp: {selectPolicy: Disabled}}}}", "DirectionDisabled", "never scales up, although" },
        { Web(Busy, replicas: 0) + Scaler + "}}", "TargetAtZero", "0 replicas" },
        { "{apiVersion: v1, kind: ResourceQuota, metadata: {name: small}, spec: {hard: {pods: 1}}}\n---\n" + Web(Busy) + Scaler + "}}", "PodsRefused", "exceeded quota: small" },
        { Web(Busy, more: "paused: true, ") + Scaler + "}}", "RolloutPaused", "paused" },
        { Web(Busy) + Scaler + ", metrics: [{type: ContainerResource, containerResource: {name: cpu, container: nginx, target: {type: Utilization, averageUtilization: 50}}}]}}", "ContainerMissing", "'nginx'" },
        { Web(Busy) + Scaler + ", behavior: {scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 1800}]}}}}", "RateLimited", "one step goes to" },
        { Web(Busy).Replace("spec: {containers", "spec: {nodeSelector: {no: where}, containers", StringComparison.Ordinal) + Scaler + "}}", "PodsPending", "nodes are available" },
        { Web(Busy).Replace("web:1", "nonexistent:1", StringComparison.Ordinal) + Scaler + "}}", "PodsNotReady", "are not ready" },
        { Web(Busy, more: "progressDeadlineSeconds: 1, ").Replace("web:1", "nonexistent:1", StringComparison.Ordinal) + Scaler + "}}", "RolloutStuck", "has timed out progressing" },
        { "{apiVersion: v1, kind: ResourceQuota, metadata: {name: none}, spec: {hard: {pods: 0}}}\n---\n" + Web(Busy) + Scaler + "}}", "NoPods", "has the labels app=web" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task What_is_wrong_is_said(string manifest, string rule, string says)
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        LabHpaFinding[] found = [];
        // What follows from controllers comes after a moment; the CPU of a pod counts a quarter of a minute after it is ready.
        for (int i = 0; i < 300 && !Array.Exists(found, Meant); i++)
        {
            found = [.. (await RunAsync("Test-LabHpa", new { Name = "web" })).Ok().OutputOf<LabHpaFinding>()];
            if (!Array.Exists(found, Meant))
            {
                await Task.Delay(100, Token);
            }
        }

        LabHpaFinding one = Array.Find(found, Meant) ?? throw new Xunit.Sdk.XunitException($"no {rule} with '{says}' in: {string.Join("\n", found.Select(o => o.ToString()))}");
        Assert.Equal(("web", Namespace), (one.Name, one.Namespace));
        Assert.NotEmpty(one.Action);
        Assert.Contains(HpaRule.All, known => known.Id == rule);

        bool Meant(LabHpaFinding finding) => finding.Rule == rule && finding.Message.Contains(says, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_with_kinds_of_others_is_said_too()
    {
        // The kinds stay for all, so that this has a cluster of its own. An adapter that has no value answers with an empty list, as a kind without objects does.
        await using LabEmulator own = await LabEmulator.StartAsync(cancellation: Token);
        LabSession session = LabSession.Resolve(own.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, Folder));
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = Definition("autoscaling.k8s.io", "v1", "verticalpodautoscalers", "VerticalPodAutoscaler") + Definition("external.metrics.k8s.io", "v1beta1", "depth", "Depth"), Wait = true, Timeout = 60, Session = session,
        })).Ok();
        const string vertical = "{apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscaler, metadata: {name: sizes}, spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, updatePolicy: {updateMode: MODE}, "
            + "resourcePolicy: {containerPolicies: [{containerName: '*', controlledResources: [RESOURCE]}]}}}\n---\n";
        string metrics = ", metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}, {type: External, external: {metric: {name: depth}, target: {type: Value, value: 5}}}]}}";
        Assert.Equal([("MetricMissing", true), ("VerticalConflict", true)], await FoundAsync("Auto", "cpu"));
        Assert.Equal([("MetricMissing", true), ("VerticalConflict", false)], await FoundAsync("Off", "cpu"));
        Assert.Equal([("MetricMissing", true), ("VerticalConflict", false)], await FoundAsync("Auto", "memory"));

        async Task<(string Rule, bool Found)[]> FoundAsync(string mode, string resource)
        {
            (await RunAsync("Deploy-LabManifest", new
            {
                Manifest = vertical.Replace("MODE", $"'{mode}'", StringComparison.Ordinal).Replace("RESOURCE", resource, StringComparison.Ordinal) + Web(Busy) + Scaler + metrics, Session = session,
            })).Ok();
            LabHpaFinding[] found = [.. (await RunAsync("Test-LabHpa", new { Name = "web", Session = session })).Ok().OutputOf<LabHpaFinding>()];
            Assert.All(found.Where(one => one.Rule == "VerticalConflict"), one => Assert.Equal("The VerticalPodAutoscaler sizes changes requests.cpu of Deployment/web, which cpu is a percentage of.", one.Message));
            return [.. new[] { "MetricMissing", "VerticalConflict" }.Select(rule => (rule, Array.Exists(found, one => one.Rule == rule)))];
        }

        static string Definition(string group, string version, string plural, string kind) =>
            $"{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: {plural}.{group}, annotations: {{api-approved.kubernetes.io: unapproved}}}}, spec: {{group: {group}, scope: Namespaced, "
            + $"names: {{plural: {plural}, singular: {kind.ToLowerInvariant()}, kind: {kind}}}, versions: [{{name: {version}, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}}}]}}}}\n---\n";
    }

    [Fact]
    public async Task Memory_that_ran_out_raises_what_is_recommended()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(Busy + ", emulator.cloudlab/memory: 64Mi", request: "cpu: 200m, memory: 512Mi", replicas: 1), Wait = true, Timeout = 60 })).Ok();
        LabVpaRecommendation before = Assert.Single((await RunAsync("Measure-VpaRequest", new { Name = new[] { "deploy/web" } })).Ok().OutputOf<LabVpaRecommendation>());
        string pod = Assert.Single((await RunAsync("Get-LabPod")).Ok().OutputOf<LabPod>()).Name;
        string ended = DateTimeOffset.UtcNow.AddMinutes(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        await Api.SendAsync(
            HttpMethod.Patch, $"/api/v1/namespaces/{Namespace}/pods/{pod}/status",
            Encoding.UTF8.GetBytes($$"""{"status":{"containerStatuses":[{"name":"web","image":"web:1","imageID":"","ready":true,"restartCount":1,"state":{"running":{"startedAt":"{{ended}}"} },"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","finishedAt":"{{ended}}"} } }]} }"""),
            "application/merge-patch+json", Token);
        LabVpaRecommendation after = Assert.Single((await RunAsync("Measure-VpaRequest", new { Name = new[] { "deploy/web" } })).Ok().OutputOf<LabVpaRecommendation>());
        Assert.Equal((0, 1, "512Mi"), (before.OomCount, after.OomCount, after.MemoryRequest));
        Assert.Equal(("250Mi", "764046746"), (before.MemoryTarget, after.MemoryTarget));
    }

    [Fact]
    public async Task Where_nothing_is_wrong_it_says_what_it_does()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web("emulator.cloudlab/cpu: 160m") + Scaler + "}}", Wait = true, Timeout = 60 })).Ok();
        LabHpaFinding? only = null;
        for (int i = 0; i < 300 && only is null; i++, await Task.Delay(100, Token))
        {
            only = (await RunAsync("Test-LabHpa", new { Name = "*" })).Ok().OutputOf<LabHpaFinding>() is [_, { } last] ? last : null;
        }

        // At its target: within the tolerance, which is no fault.
        Assert.Equal(("Decision", FindingSeverity.Low), (only?.Rule, only?.Severity));
        Assert.Contains("2 replicas stay", only!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_concerns_the_other_autoscalers_is_read_once_for_all_of_them()
    {
        string[] names = ["web", "shop", "cart", "mail"];
        string Own(string name) => Web("emulator.cloudlab/cpu: 160m", name: name)
            + Scaler.Replace("{name: web}, spec", $"{{name: {name}}}, spec", StringComparison.Ordinal).Replace("name: web}, min", $"name: {name}}}, min", StringComparison.Ordinal) + "}}\n---\n";
        (await RunAsync("Deploy-LabManifest", new { Manifest = string.Concat(names.Select(Own)), Wait = true, Timeout = 60 })).Ok();
        object?[] scalers = [.. (await RunAsync("Get-LabResource", new { Kind = "hpa" })).Ok().Output];
        CmdletResult result = (await RunAsync("Test-LabHpa", null, scalers)).Ok();
        Assert.Equal(names.Order(), result.OutputOf<LabHpaFinding>().Select(one => one.Name).Distinct().Order());

        // Each reads its own target, and each of the others' targets is read once more at the most, not once for every autoscaler.
        int scales = result.Verbose.Count(line => line.Contains("/scale", StringComparison.Ordinal));
        Assert.InRange(scales, names.Length, 2 * names.Length);
    }

    [Fact]
    public async Task An_autoscaler_from_the_pipeline_is_measured_and_numbers_still_are()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web("emulator.cloudlab/cpu: 160m") + Scaler + "}}", Wait = true, Timeout = 60 })).Ok();
        object?[] scalers = [.. (await RunAsync("Get-LabResource", new { Kind = "hpa" })).Ok().Output];
        LabHpaDecision one = Assert.Single((await RunAsync("Measure-HpaReplicas", null, scalers)).Ok().OutputOf<LabHpaDecision>());
        Assert.Equal(("web", Namespace, "Deployment/web", 2), (one.Name, one.Namespace, one.Target, one.DesiredReplicas));
        Assert.Equal("TargetMissing", (await MissingAsync()).FullyQualifiedErrorId.Split(',')[0]);

        async Task<System.Management.Automation.ErrorRecord> MissingAsync()
        {
            (await RunAsync("Remove-LabManifest", new { Manifest = Web("") , Force = true })).Ok();
            return Assert.Single((await RunAsync("Measure-HpaReplicas", new { Name = "w*" })).Errors);
        }
    }

    [Fact]
    public async Task Requests_are_recommended_from_what_pods_use_now()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(Busy) + Scaler.Replace("maxReplicas: 8", "maxReplicas: 2", StringComparison.Ordinal) + "}}", Wait = true, Timeout = 60 })).Ok();
        object?[] workloads = [.. (await RunAsync("Get-LabResource", new { Kind = "deploy", Name = "web" })).Ok().Output];
        CmdletResult result = await RunAsync("Measure-VpaRequest", null, workloads);
        LabVpaRecommendation one = Assert.Single(result.Ok().OutputOf<LabVpaRecommendation>());
        Assert.Equal(("Deployment/web", "web", "200m", 2, 2), (one.Workload, one.Container, one.CpuRequest, one.PodCount, one.SampleCount));
        Assert.Equal("350m", one.CpuTarget);
        Assert.NotNull(one.Conflict);
        Assert.Contains("2 samples of each container, of this moment only", string.Join('\n', result.Warnings), StringComparison.Ordinal);
        Assert.Equal(one.CpuTarget, Assert.Single((await RunAsync("Measure-VpaRequest", new { Name = new[] { "deploy/w*" } })).Ok().OutputOf<LabVpaRecommendation>()).CpuTarget);
    }

    [Fact]
    public async Task What_is_left_in_a_namespace_and_whether_a_manifest_fits_now()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: small}, spec: {hard: {pods: 3}}}\n---\n" + Web(""), Wait = true, Timeout = 60 })).Ok();
        LabQuotaUsage usage = Assert.Single((await RunAsync("Measure-LabQuota", new { Namespace })).Ok().OutputOf<LabQuotaUsage>());
        Assert.Equal(("small", "pods", "3", "2", "1"), (usage.Quota, usage.Resource, usage.Hard, usage.Used, usage.Left));
        LabQuotaCheck check = Assert.Single((await RunAsync("Measure-LabQuota", new { Namespace, Manifest = Web("", name: "more") })).Ok().OutputOf<LabQuotaCheck>());
        Assert.Equal((false, 2, 1), (check.Fits, check.PodCount, check.AcceptedPodCount));
    }

    [Fact]
    public async Task CronJobs_tell_when_they_run_and_what_they_missed()
    {
        const string job = "jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'b:1'}]}}}}";
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = $"{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: nightly}}, spec: {{schedule: '30 2 * * *', timeZone: Europe/Paris, {job}}}}}\n---\n"
                + $"{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: paused}}, spec: {{schedule: '@hourly', suspend: true, {job}}}}}",
        })).Ok();
        LabCronJob nightly = Assert.Single((await RunAsync("Get-LabCronJob", new { Name = "n*" })).Ok().OutputOf<LabCronJob>());
        Assert.Contains("02:30", nightly.Description, StringComparison.Ordinal);
        Assert.Equal((2, 30), (nightly.NextLocalTime!.Value.Hour, nightly.NextLocalTime.Value.Minute));
        Assert.Equal(TimeSpan.Zero, nightly.NextScheduleTime!.Value.Offset);
        Assert.Equal(nightly.NextLocalTime, nightly.NextScheduleTime);
        Assert.Equal((0, null), (nightly.Missed, nightly.MissedReason));
        object?[] all = [.. (await RunAsync("Get-LabCronJob")).Ok().Output];
        Assert.Null(all.Cast<LabCronJob>().Single(one => one.Suspend).NextScheduleTime);
        Assert.Equal(1, Assert.Single((await CmdletRunner.RunAsync("Show-LabScheduleCalendar", new { Days = 1 }, all)).Ok().OutputOf<LabScheduleCalendar>()).ScheduleCount);
        Assert.Equal(2, (await CmdletRunner.RunAsync("Get-LabSchedule", new { Count = 1 }, all)).Ok().OutputOf<LabScheduledRun>().Count());
        Assert.All((await CmdletRunner.RunAsync("Test-LabSchedule", null, all)).Ok().OutputOf<LabScheduleTest>(), one => Assert.True(one.Valid));
    }

    [Theory]
    [InlineData("suspend", false, "Allow", null, 0, 3, "is suspended. When it is resumed, the run of 2026-03-01 08:15:00Z starts at once")]
    [InlineData("suspend", false, "Allow", 60L, 0, 3, "none of them starts any more, because startingDeadlineSeconds is 60")]
    [InlineData("late", false, "Allow", 60L, 0, 3, "in time, and none of them starts any more, because startingDeadlineSeconds is 60")]
    [InlineData("forbid", true, "Forbid", null, 0, 3, "concurrencyPolicy is Forbid, and the job one still runs")]
    [InlineData("behind", false, "Allow", null, 0, 3, "the CronJob controller has not got to it")]
    [InlineData("many", false, "Allow", null, 30, 101, "TooManyMissedTimes")]
    public void Runs_that_did_not_start_are_explained(string what, bool active, string policy, long? deadline, int hours, int count, string says)
    {
        DateTimeOffset now = new(2026, 3, 1, 8, 18, 0, TimeSpan.Zero);
        CronJobSchedule job = new()
        {
            Name = "a", Schedule = "*/5 * * * *", Suspend = what == "suspend", StartingDeadlineSeconds = deadline, LastScheduleTime = now.AddHours(-hours).AddMinutes(-18), CreationTimestamp = now.AddDays(-9),
        };
        (int missed, string? reason) = CronJobMisses.Of(job, policy, active ? ["one"] : [], now);
        Assert.Equal(count, missed);
        Assert.Contains(says, reason, StringComparison.Ordinal);
    }

    [Fact]
    public Task The_page_of_the_rules_is_what_the_rules_say() => RulePage.AssertAsync(
        "hpa-review.md", "Test-LabHpa",
        """
        `Test-LabHpa` says why a HorizontalPodAutoscaler does not scale. A finding may have another severity than its rule where the rest of what was found says so. The source
        of this page is `HpaRule` in `src/CloudLab.Core/Kubernetes/Autoscaling`.
        """,
        HpaRule.All);

    private static string Web(string annotation, string name = "web", string request = "cpu: 200m", string? selector = null, int replicas = 2, string more = "") =>
        $"{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{replicas: {replicas}, {more}selector: {{matchLabels: {selector ?? $"{{app: {name}}}"}}}, "
        + $"template: {{metadata: {{labels: {{app: {name}, part: a}}, annotations: {{{annotation}}}}}, spec: {{containers: [{{name: web, image: 'web:1', resources: {{requests: {{{request}}}}}}}]}}}}}}}}\n---\n";
}
