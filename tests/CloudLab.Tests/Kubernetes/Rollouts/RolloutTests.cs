using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Review;
using CloudLab.Core.Kubernetes.Rollouts;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Rollouts;

[Trait("Area", "Kubernetes")]
public sealed class RolloutOnEmulatorTests() : RolloutTests(KubeServer.Emulator)
{
    [Fact]
    public async Task Who_waits_for_a_crash_loop_hears_of_it_before_the_time_is_up()
    {
        await DeployAsync(Web.Replace("busybox:1.36", "crash:1", StringComparison.Ordinal));
        (await RunAsync("Wait-LabResource", new { Kind = "pods", LabelSelector = "app=web", For = "jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff", Timeout = 60 })).Ok();

        // The emulator's containers crash once.
        (await RunAsync("Edit-LabResource", new { Kind = "pods", LabelSelector = "app=web", Subresource = "status", Script = ScriptBlock.Create("$_.status.containerStatuses[0].restartCount = 4") })).Ok();
        CmdletResult result = await RunAsync("Wait-LabRollout", new { Kind = "deploy/web", Timeout = 7 });
        Assert.StartsWith("WaitTimeout,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("crashes again and again (4 restarts, Error, exit code 1)", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Contains(result.Progress, update => update.StatusDescription.Contains("CrashLoopBackOff", StringComparison.Ordinal));
    }
}

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class RolloutOnRealClusterTests() : RolloutTests(KubeServer.Real)
{
    [Theory]
    [InlineData("command: [sh, -c, 'echo dying now; exit 3']", "ContainerCrashes", "exit code 3", "dying now")]
    [InlineData("command: [nosuchprogram]", "CommandNotFound", "nosuchprogram", null)]
    [InlineData("command: [sh, -c, 'tail /dev/zero'], resources: {limits: {memory: 16Mi}}", "OutOfMemory", "limit of 16Mi", null)]
    [InlineData("command: [sleep, '600'], resources: {requests: {cpu: '1000'}}", "InsufficientResources", "enough cpu", null)]
    [InlineData("command: [sleep, '600'], envFrom: [{configMapRef: {name: settings}}]", "ConfigMapMissing", "'settings'", null)]
    [InlineData("command: [sleep, '600'], readinessProbe: {exec: {command: ['false']}, periodSeconds: 1}", "ReadinessProbeFailing", "readiness probe fails", null)]
    public async Task What_keeps_a_pod_from_running_stands_at_the_top(string container, string problem, string says, string? log)
    {
        await DeployAsync(Web.Replace("command: [sleep, \"600\"]", container, StringComparison.Ordinal));
        LabPodReport report = await ReportedAsync("deploy/web", one => one.Findings.FirstOrDefault()?.Rule == problem && (log is null || one.Log.Count > 0));
        Assert.Contains(says, report.Cause, StringComparison.Ordinal);
        Assert.NotEmpty(report.Action!);
        // Between two crashes it runs, and then it is a warning.
        Assert.NotEqual(FindingSeverity.Low, Assert.Single(report.Findings, one => one.Rule == problem).Severity);
        if (log is not null)
        {
            Assert.Contains(log, report.Log);
        }
    }

    [Fact]
    public async Task A_container_that_crashes_right_after_its_start_is_told_of()
    {
        await DeployAsync(Web.Replace("[sleep, \"600\"]", "[sh, -c, 'sleep 1; exit 1']", StringComparison.Ordinal));
        ErrorRecord error = Assert.Single((await RunAsync("Wait-LabRollout", new { Kind = "deploy/web", Timeout = 60, StableFor = 8 })).Errors);
        Assert.StartsWith("RolloutUnstable", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("was restarted", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_is_added_for_a_look_inside_and_a_pod_copied()
    {
        await DeployAsync(Web);
        (await RunAsync("Wait-LabRollout", new { Kind = "deploy/web", Timeout = 60 })).Ok();
        string pod = (await RunAsync("Get-LabResource", new { Kind = "pods", LabelSelector = "app=web" })).Ok().OutputOf<LabResource>()[0].Name;
        LabDebugContainer added = Assert.Single((await RunAsync(
            "Debug-LabPod", new { Name = pod, Image = "busybox:1.36", Target = "web", Command = new[] { "sleep", "60" }, Timeout = 60 })).Ok().OutputOf<LabDebugContainer>());
        Assert.Equal((pod, "Running", "web"), (added.Name, added.State, added.Target));
        LabResource copy = Assert.Single((await RunAsync(
            "Debug-LabPod", new { Name = pod, Copy = "copied", Command = new[] { "sleep", "5" } })).Ok().OutputOf<LabResource>());
        Assert.Empty(copy.Labels.Keys);
        (await RunAsync("Wait-LabResource", new { Kind = "pod/copied", Timeout = 60 })).Ok();
    }
}

/// <summary>Rollouts, waits, changes and reports as a user runs them.</summary>
public abstract class RolloutTests(KubeServer server) : KubeTest(server)
{
    protected const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}, annotations: {kubernetes.io/change-cause: first}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {terminationGracePeriodSeconds: 1, containers: [{name: web, image: "busybox:1.36", imagePullPolicy: IfNotPresent, command: [sleep, "600"]}]}

        """;

    [Fact]
    public async Task A_deployment_is_changed_taken_back_restarted_and_halted()
    {
        await DeployAsync(Web);
        ResourceWaitResult result = Assert.Single((await RunAsync("Wait-LabRollout", new { Kind = "deploy/web", Timeout = 60 })).Ok().OutputOf<ResourceWaitResult>());
        Assert.Equal(("2/2 ready", "Rollout", "Deployment"), (result.State, result.For, result.Kind));

        LabResource changed = await ChangeAsync("Set-LabWorkloadImage", new { Kind = "deploy/web", Image = "web=nginx:latest", Wait = true, Timeout = 60 });
        Assert.Equal("2/2", changed.Ready);
        LabRolloutRevision[] history = await HistoryAsync("deploy/web");
        Assert.Equal([(1L, false, 0L, "busybox:1.36"), (2L, true, 2L, "nginx:latest")], history.Select(one => (one.Revision, one.Current, one.Replicas, one.Images[0])));
        Assert.Equal("first", history[0].ChangeCause);
        Assert.Equal("~ spec.containers[name=\"web\"].image: \"busybox:1.36\" -> \"nginx:latest\"", Assert.Single(history[1].Changes));

        await ChangeAsync("Undo-LabRollout", new { Kind = "deploy/web", Wait = true, Timeout = 60 });
        Assert.Equal([2L, 3L], (await HistoryAsync("deploy/web")).Select(one => one.Revision));
        AssertError("RevisionNotFound", await RunAsync("Undo-LabRollout", new { Kind = "deploy/web", ToRevision = 9 }), "it has 2, 3");

        await ChangeAsync("Restart-LabRollout", new { Kind = "deploy/web", Wait = true, Timeout = 60 });
        Assert.Equal(4, (await HistoryAsync("deploy/web"))[^1].Revision);

        Assert.Equal(true, (await ChangeAsync("Suspend-LabRollout", new { Kind = "deploy/web" })).Spec!["paused"]);
        AssertError("RolloutPaused", await RunAsync("Restart-LabRollout", new { Kind = "deploy/web" }), "Resume-LabRollout");
        AssertError("RolloutPaused", await RunAsync("Undo-LabRollout", new { Kind = "deploy/web" }), "Resume-LabRollout");
        Assert.NotEqual(true, (await ChangeAsync("Resume-LabRollout", new { Kind = "deploy/web", Wait = true, Timeout = 60 })).Spec!["paused"]);
        AssertError("KindNotSupported", await RunAsync("Restart-LabRollout", new { Kind = "namespace/" + Namespace }), "deployments, statefulsets and daemonsets");
    }

    [Fact]
    public async Task Stateful_and_daemon_sets_have_revisions_too()
    {
        await DeployAsync(Web.Replace("kind: Deployment", "kind: StatefulSet", StringComparison.Ordinal).Replace("replicas: 2", "replicas: 1", StringComparison.Ordinal)
            + "---\n" + Web.Replace("kind: Deployment", "kind: DaemonSet", StringComparison.Ordinal).Replace("  replicas: 2\n", "", StringComparison.Ordinal).Replace("web", "every", StringComparison.Ordinal));
        string[] both = ["sts/web", "ds/every"];
        (await RunAsync("Wait-LabRollout", new { Kind = both, Timeout = 60 })).Ok();
        Assert.Equal(2, (await RunAsync("Set-LabWorkloadImage", new { Kind = both, Image = "*=nginx:latest", Wait = true, Timeout = 90 })).Ok().Output.Count);
        foreach (string one in both)
        {
            LabRolloutRevision[] history = await HistoryAsync(one);
            Assert.Equal([(1L, false, 0L), (2L, true, 1L)], history.Select(r => (r.Revision, r.Current, r.Replicas)));
            LabResource back = await ChangeAsync("Undo-LabRollout", new { Kind = one, Wait = true, Timeout = 90 });
            Assert.Equal("busybox:1.36", Image(back));
        }
    }

    [Fact]
    public async Task What_is_not_there_yet_is_waited_for_by_name_and_by_selector()
    {
        Task<CmdletResult> named = RunAsync("Wait-LabResource", new { Kind = "deploy/web", For = "Available", Timeout = 60 });
        Task<CmdletResult> selected = RunAsync("Wait-LabResource", new { Kind = "pods", LabelSelector = "app=web", Timeout = 60 });
        await DeployAsync(Web);
        Assert.Equal("Available=True", Assert.Single((await named).Ok().OutputOf<ResourceWaitResult>()).State);
        Assert.All((await selected).Ok().OutputOf<ResourceWaitResult>(), one => Assert.Equal(("Ready", "Pod"), (one.For, one.Kind)));
    }

    [Fact]
    public async Task Zero_looks_once()
    {
        AssertError("WaitTimeout", await RunAsync("Wait-LabResource", new { Kind = "deploy/web", Timeout = 0 }), "does not exist");
        AssertError("WaitTimeout", await RunAsync("Wait-LabResource", new { Kind = "pods", LabelSelector = "app=web", Timeout = 0 }), "pods with app=web in namespace " + Namespace);
        Assert.Equal("Deleted", Assert.Single((await RunAsync("Wait-LabResource", new { Kind = "deploy/web", For = "Deleted", Timeout = 0 })).Ok().OutputOf<ResourceWaitResult>()).For);
        Assert.Equal("Exists", Assert.Single((await RunAsync("Wait-LabResource", new { Kind = "namespace/" + Namespace, For = new[] { "Deleted", "Exists" }, Timeout = 0 })).Ok().OutputOf<ResourceWaitResult>()).For);
    }

    [Fact]
    public async Task A_wait_ends_with_whatever_comes_first_and_at_failure()
    {
        await DeployAsync("""
            apiVersion: batch/v1
            kind: Job
            metadata: {name: bad}
            spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: crash, image: "busybox:1.36", command: ["false"]}]}}}

            """.Replace("busybox:1.36", Server == KubeServer.Emulator ? "crash:1" : "busybox:1.36", StringComparison.Ordinal));
        AssertError("WaitFailed", await RunAsync("Wait-LabResource", new { Kind = "job/bad", For = "Complete", Timeout = 60 }), "BackoffLimitExceeded");
        Assert.Equal("Condition=Failed", Assert.Single((await RunAsync(
            "Wait-LabResource", new { Kind = "job/bad", For = new[] { "Complete", "Condition=Failed" }, Timeout = 60 })).Ok().OutputOf<ResourceWaitResult>()).For);
    }

    [Fact]
    public async Task A_deletion_says_what_holds_it_and_another_object_of_the_name_is_another_one()
    {
        await DeployAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: held, finalizers: [example.com/hold]}}\n");
        AssertError("WaitTimeout", await RunAsync("Wait-LabResource", new { Kind = "cm/held", For = "Deleted", Timeout = 0 }), "held by example.com/hold; it is not being deleted");
        Task<CmdletResult> waiting = RunAsync("Wait-LabResource", new { Kind = "cm/held", For = "jsonpath={.data.x}=2", Timeout = 60 });
        await RunAsync("Remove-LabManifest", new { Manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: held}}\n", Force = true });
        await ChangeAsync("Edit-LabResource", new { Kind = "cm/held", Patch = "{\"metadata\":{\"finalizers\":null}}", PatchType = "Merge" });
        (await RunAsync("Wait-LabResource", new { Kind = "cm/held", For = "Deleted", Timeout = 60 })).Ok();
        await DeployAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: held}, data: {x: '2'}}\n");
        Assert.Equal("2", Assert.Single((await waiting).Ok().OutputOf<ResourceWaitResult>()).State);
    }

    [Fact]
    public async Task Scaling_is_guarded_and_says_who_will_undo_it()
    {
        await DeployAsync(Web + """
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: auto}
            spec: {minReplicas: 1, maxReplicas: 4, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}
            ---
            {apiVersion: v1, kind: ConfigMap, metadata: {name: none}}

            """);
        AssertError("ReplicasDiffer", await RunAsync("Set-LabScale", new { Kind = "deploy/web", Replicas = 1, CurrentReplicas = 7 }), "has 2 replicas and not 7");
        CmdletResult scaled = (await RunAsync("Set-LabScale", new { Kind = "deploy/web", Replicas = 1, CurrentReplicas = 2 })).Ok();
        Assert.Equal(1L, scaled.OutputOf<LabResource>()[0].Spec!["replicas"]);
        Assert.Contains("'auto'", Assert.Single(scaled.Warnings), StringComparison.Ordinal);
        AssertError("NotScalable", await RunAsync("Set-LabScale", new { Kind = "cm/none", Replicas = 1 }), "cannot be scaled");
    }

    [Fact]
    public async Task Labels_and_annotations_are_set_kept_and_removed()
    {
        await DeployAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: marked, labels: {a: '1', b: '2'}}}\n");
        LabResource marked = await ChangeAsync("Set-LabLabel", new { Kind = "cm/marked", Label = new Dictionary<string, object?> { ["b"] = null, ["c"] = 3 } });
        Assert.Equal("{\"a\":\"1\",\"c\":\"3\"}", marked.Labels.ToString());
        AssertError("ValueExists", await RunAsync("Set-LabLabel", new { Kind = "cm/marked", Label = new Dictionary<string, object?> { ["a"] = "9", ["d"] = "4" } }), "a=1 already");
        Assert.Empty((await RunAsync("Set-LabLabel", new { Kind = "cm/marked", Label = new Dictionary<string, object?> { ["a"] = "9" }, Overwrite = true, WhatIf = true })).Ok().Output);
        marked = await ChangeAsync("Set-LabLabel", new { Kind = "cm/marked", Label = new Dictionary<string, object?> { ["a"] = "9" }, Overwrite = true });
        Assert.Equal("{\"a\":\"9\",\"c\":\"3\"}", marked.Labels.ToString());
        marked = await ChangeAsync("Set-LabAnnotation", new { Kind = "cm/marked", Annotation = new Dictionary<string, object?> { ["example.com/why"] = "because" } });
        Assert.Equal("because", marked.Annotations["example.com/why"]);
    }

    [Fact]
    public async Task Changes_at_the_same_time_are_all_kept()
    {
        await DeployAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: busy}, data: {first: '0'}}\n");
        CmdletResult[] results = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => RunAsync(
            "Edit-LabResource", new { Kind = "cm/busy", Script = ScriptBlock.Create($"$_.Data['k{i}'] = '{i}'") })));
        Assert.All(results, result => result.Ok());
        LabResource after = (await RunAsync("Get-LabResource", new { Kind = "cm/busy" })).Ok().OutputOf<LabResource>()[0];
        Assert.Equal(13, after.Data!.Count);
    }

    [Theory]
    [InlineData("$_['data'] = @{ b = '1' }; $_['immutable'] = $null")]
    [InlineData("$_ | Add-Member -Force data @{ b = '1' }; $_['immutable'] = $null")]
    [InlineData("$_ | Add-Member binaryData @{ b = 'MQ==' }; $_['immutable'] = $null")]
    public async Task A_script_adds_and_removes_fields_at_the_top(string script)
    {
        await DeployAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: bare}, immutable: false}\n");
        LabResource after = await ChangeAsync("Edit-LabResource", new { Kind = "cm/bare", Script = ScriptBlock.Create(script) });
        Assert.Equal(["b"], ((after["data"] ?? after["binaryData"]) as ResourceMap)!.Keys.Cast<string>());
        Assert.Null(after["immutable"]);
    }

    [Theory]
    [InlineData("$_.Data.a = '2'; $_.Data = @{ a = '1' }", "'Data' is a ReadOnly property")]
    [InlineData("$_.Data.a = '2'; Write-Error 'not this one'", "not this one")]
    public async Task A_script_that_fails_half_way_changes_nothing_and_says_of_what(string script, string says)
    {
        await DeployAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: half}, data: {a: '0'}}\n");
        AssertError("ScriptFailed", await RunAsync("Edit-LabResource", new { Kind = "cm/half", Script = ScriptBlock.Create(script) }), $"configmap/half in namespace {Namespace} was not changed: {says}");
        Assert.Equal("0", (await RunAsync("Get-LabResource", new { Kind = "cm/half" })).Ok().OutputOf<LabResource>()[0].Data!["a"]);
    }

    [Fact]
    public async Task Patches_are_sent_as_they_are_meant()
    {
        await DeployAsync(Web);
        LabResource patched = await ChangeAsync("Edit-LabResource", new { Kind = "deploy/web", Patch = "spec: {template: {spec: {containers: [{name: web, env: [{name: A, value: b}]}]}}}" });
        Assert.Equal("busybox:1.36", Image(patched));
        patched = await ChangeAsync("Edit-LabResource", new { Kind = "deploy/web", Patch = """[{"op":"replace","path":"/spec/replicas","value":1}]""" });
        Assert.Equal(1L, patched.Spec!["replicas"]);
        AssertError("PatchInvalid", await RunAsync("Edit-LabResource", new { Kind = "deploy/web", Patch = "x" }), "neither an object nor a list");
        LabResource edited = await ChangeAsync("Edit-LabResource", new { Kind = "deploy/web", Editor = "sed -i 's/replicas: 1/replicas: 3/'" });
        Assert.Equal(3L, edited.Spec!["replicas"]);
        AssertError("EditInvalid", await RunAsync("Edit-LabResource", new { Kind = "deploy/web", Editor = "sed -i 's/name: web/name: other/'" }), "kind and name have to stay");
        CmdletResult untouched = await RunAsync("Edit-LabResource", new { Kind = "deploy/web", Editor = "truncate -s 0" });
        Assert.Contains(untouched.Ok().Verbose, line => line.EndsWith("nothing was changed", StringComparison.Ordinal));

        // What could not be used is kept: text that is no YAML, with its line, and what the server refuses.
        ErrorRecord broken = Assert.Single((await RunAsync("Edit-LabResource", new { Kind = "deploy/web", Editor = "sed -i 's/^spec:/spec: [/'" })).Errors);
        Assert.StartsWith("EditInvalid,", broken.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Matches("line [0-9]+, column [0-9]+", broken.ToString());
        Assert.Contains("spec: [", KeptText(broken), StringComparison.Ordinal);
        ErrorRecord refused = Assert.Single((await RunAsync("Edit-LabResource", new { Kind = "deploy/web", Editor = "sed -i 's/replicas: 3/replicas: -3/'" })).Errors);
        Assert.StartsWith("Invalid,", refused.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("replicas: -3", KeptText(refused), StringComparison.Ordinal);
        AssertError("ScriptFailed", await RunAsync("Edit-LabResource", new { Kind = "deploy/web", Script = ScriptBlock.Create("throw 'no'") }), "was not changed: no");
        AssertError("EditorFailed", await RunAsync("Edit-LabResource", new { Kind = "deploy/web", Editor = "false" }), "exit code 1");
    }

    private static string KeptText(ErrorRecord error)
    {
        string path = error.ToString().Split('\'')[^2];
        string text = File.ReadAllText(path);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        return text;
    }

    [Fact]
    public async Task What_others_change_during_an_edit_stays_unless_it_is_the_same_field()
    {
        await DeployAsync(Web);
        ApiResource kind = (await Api.CatalogAsync(Token)).Match("deploy")[0];
        ResourceEditor editor = new(Api);
        int asked = 0;
        (LabResource after, bool changed) = await editor.EditTextAsync(kind, Namespace, "web", EditWhile, null, Token);
        Assert.True(changed);
        Assert.Equal(1, asked);
        Assert.Equal(3L, after.Spec!["replicas"]);
        Assert.Equal("theirs", after.Labels["who"]);
        LabException e = await Assert.ThrowsAsync<LabException>(() => editor.EditTextAsync(kind, Namespace, "web", async text =>
        {
            await editor.PatchAsync(kind, Namespace, "web", ResourcePatchType.Merge, JsonNode.Parse("""{"spec":{"replicas":4}}""")!, null, Token);
            return text.Replace("replicas: 3", "replicas: 5", StringComparison.Ordinal);
        }, null, Token));
        Assert.Equal("EditConflict", e.Code);
        Assert.Contains("spec.replicas", e.Message, StringComparison.Ordinal);

        e = await Assert.ThrowsAsync<LabException>(() => editor.EditTextAsync(kind, Namespace, "web", async text =>
        {
            await editor.PatchAsync(kind, Namespace, "web", ResourcePatchType.Merge, JsonNode.Parse("""{"metadata":{"labels":{"a.b/who":"theirs"}}}""")!, null, Token);
            return text.Replace("who: theirs", "a.b/who: mine", StringComparison.Ordinal);
        }, null, Token));
        Assert.Contains("because metadata.labels[\"a.b/who\"] was changed", e.Message, StringComparison.Ordinal);

        async Task<string?> EditWhile(string text)
        {
            asked++;
            await editor.PatchAsync(kind, Namespace, "web", ResourcePatchType.Merge, JsonNode.Parse("""{"metadata":{"labels":{"who":"theirs"}}}""")!, null, Token);
            return text.Replace("replicas: 2", "replicas: 3", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Images_are_set_where_they_are_meant()
    {
        await DeployAsync("""
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: nightly}
            spec:
              schedule: "0 3 * * *"
              suspend: true
              jobTemplate: {spec: {template: {spec: {restartPolicy: Never, initContainers: [{name: init, image: "a:1"}], containers: [{name: one, image: "b:1"}, {name: two, image: "c:1"}]}}}}

            """);
        AssertError("ContainerMissing", await RunAsync("Set-LabWorkloadImage", new { Kind = "cronjob/nightly", Image = "d:1" }), "one, two");
        AssertError("ContainerNotFound", await RunAsync("Set-LabWorkloadImage", new { Kind = "cronjob/nightly", Image = "three=d:1" }), "init, one, two");
        Assert.Equal("d:1 d:1 c:1", Images(await ChangeAsync("Set-LabWorkloadImage", new { Kind = "cronjob/nightly", Container = new[] { "init", "one" }, Image = "d:1" })));
        Assert.Equal("e:1 e:1 e:1", Images(await ChangeAsync("Set-LabWorkloadImage", new { Kind = "cronjob/nightly", Image = "*=e:1" })));
        Assert.Equal(false, (await ChangeAsync("Resume-LabRollout", new { Kind = "cronjob/nightly" })).Spec!["suspend"]);
        Assert.Equal(true, (await ChangeAsync("Suspend-LabRollout", new { Kind = "cronjob/nightly" })).Spec!["suspend"]);

        static string Images(LabResource job) => string.Join(' ', (JsonNode.Parse(job.ToJson())!["spec"]!["jobTemplate"]!["spec"]!["template"]!["spec"] is JsonObject spec
            ? spec["initContainers"]!.AsArray().Concat(spec["containers"]!.AsArray()) : []).Select(c => (string)c!["image"]!));
    }

    [Fact]
    public async Task A_wrong_image_is_explained()
    {
        await DeployAsync(Web.Replace("busybox:1.36", "registry.invalid/nonexistent:1", StringComparison.Ordinal));
        LabPodReport report = await ReportedAsync("deploy/web", one => one.Findings.FirstOrDefault() is { Container: "web", Pods.Count: > 1 });
        Assert.Contains("registry.invalid/nonexistent:1", report.Cause, StringComparison.Ordinal);
        // Both pods have the same trouble: it is one.
        Assert.Equal(2, Assert.Single(report.Findings).Pods.Count);
    }

    [Fact]
    public async Task A_quota_and_a_selector_are_explained()
    {
        await DeployAsync("{apiVersion: v1, kind: ResourceQuota, metadata: {name: small}, spec: {hard: {pods: '1'}}}\n---\n" + Web
            + "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: wbe}, ports: [{port: 80}]}}\n");
        LabPodReport report = await ReportedAsync("deploy/web", one => one.Findings.FirstOrDefault()?.Rule == "QuotaExceeded");
        Assert.Contains("'small'", report.Cause, StringComparison.Ordinal);
        Assert.Contains(report.Findings, one => one.Rule == "SelectorMatchesNothing" && one.Message.Contains("app=wbe", StringComparison.Ordinal));
        Assert.Equal("SelectorMatchesNothing", (await ReportedAsync("svc/web", _ => true)).Findings[0].Rule);
    }

    protected static void AssertError(string code, CmdletResult result, string says)
    {
        ErrorRecord error = result.TerminatingError ?? Assert.Single(result.Errors);
        Assert.StartsWith(code + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mine", "is not bound", "Get-LabResource pvc")]
    [InlineData("other", "does not exist", "Create the PersistentVolumeClaim")]
    public async Task A_pod_that_waits_for_its_volume_says_whether_the_claim_is_there(string claim, string cause, string action)
    {
        await DeployAsync($"{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: mine}}, spec: {{storageClassName: no-such-class, accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: some}}, spec: {{containers: [{{name: a, image: 'web:1'}}], volumes: [{{name: data, persistentVolumeClaim: {{claimName: {claim}}}}}]}}}}\n");
        // Until the scheduler has said so, the report has only what the pod names.
        LabPodReport report = await ReportedAsync("some", one => one.Cause?.StartsWith("A volume claim", StringComparison.Ordinal) == true);
        Assert.Contains("A volume claim of the pod " + cause, report.Cause, StringComparison.Ordinal);
        Assert.Contains(action, report.Action, StringComparison.Ordinal);
    }

    protected async Task DeployAsync(string manifest) => (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();

    protected async Task<LabPodReport> ReportedAsync(string target, Func<LabPodReport, bool> enough)
    {
        // The kubelet takes a moment; the test's own time limit ends what never comes.
        while (true)
        {
            LabPodReport report = Assert.Single((await RunAsync("Debug-LabPod", new { Name = target })).Ok().OutputOf<LabPodReport>());
            if (enough(report))
            {
                return report;
            }

            await Task.Delay(200, Limit.Token);
        }
    }

    private CancellationTokenSource Limit { get; } = new(TimeSpan.FromSeconds(60));

    private static string? Image(LabResource workload) => (string?)JsonNode.Parse(workload.ToJson())!["spec"]!["template"]!["spec"]!["containers"]![0]!["image"];

    private async Task<LabResource> ChangeAsync(string cmdlet, object parameters) => Assert.Single((await RunAsync(cmdlet, parameters)).Ok().OutputOf<LabResource>());

    private async Task<LabRolloutRevision[]> HistoryAsync(string workload) =>
        (await RunAsync("Get-LabRolloutHistory", new { Kind = workload })).Ok().OutputOf<LabRolloutRevision>();
}
