using System.Collections;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Manifests.Templates;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Tests.Module;
using CloudLab.Tests.Kubernetes.Manifests.Templates;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Manifests;

[Trait("Area", "Kubernetes")]
public sealed class ManifestOwnershipOnEmulatorTests() : ManifestOwnershipTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class ManifestOwnershipOnRealClusterTests() : ManifestOwnershipTests(KubeServer.Real)
{
    [Fact]
    public async Task What_kubectl_applied_on_the_client_side_is_taken_over_as_it_would_itself()
    {
        foreach (string name in new[] { "ours", "theirs" })
        {
            await KubectlAsync(["apply", "-f", "-"], Config(name, "one: '1', two: '2'"));
        }

        (await RunAsync("Deploy-LabManifest", new { Manifest = Config("ours", "one: '1'") })).Ok();
        await KubectlAsync(["apply", "--server-side", "--field-manager=cloudlab", "-f", "-"], Config("theirs", "one: '1'"));
        JsonObject[] stored = [.. await Task.WhenAll(new[] { "ours", "theirs" }.Select(name => Api.GetAsync($"/api/v1/namespaces/{Namespace}/configmaps/{name}", Token)))];
        foreach (JsonObject map in stored)
        {
            foreach (JsonObject entry in map.Object("metadata")!.Objects("managedFields"))
            {
                entry.Remove("time");
            }
        }

        Assert.Equal("""{"one":"1"}""", stored[1]["data"]!.ToJsonString());
        foreach (string field in new[] { "managedFields", "annotations" })
        {
            Assert.Equal(stored[1].Object("metadata")![field]?.ToJsonString(), stored[0].Object("metadata")![field]?.ToJsonString());
        }

        Assert.Equal(stored[1]["data"]!.ToJsonString(), stored[0]["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Kubectl_goes_on_with_a_set_and_the_other_way_round()
    {
        string all = string.Join("---\n", "abc".Select(name => Config(name.ToString(), "k: v")));
        (await RunAsync("Deploy-LabManifest", new { Manifest = all, ApplySet = "films", Prune = true })).Ok();
        string two = string.Join("---\n", "ab".Select(name => Config(name.ToString(), "k: v")));
        Assert.Contains("configmap/c pruned", await KubectlAsync(["apply", "--server-side", "--prune", "--applyset=films", "-f", "-"], two + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: d}\n"), StringComparison.Ordinal);
        Assert.Equal(
            ["a Unchanged", "b Pruned", "d Pruned"],
            (await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "k: v"), ApplySet = "films", Prune = true })).Ok().OutputOf<ManifestResult>().Select(r => $"{r.Name} {r.Action}").Order());
    }

    [Fact]
    public async Task Env_files_are_read_as_by_kubectl()
    {
        string file = Write(".env", "A=1\r\n  B= two  \n#c=d\n\n\t# e\nC=\"quoted\" # stays\nD='x=y'\nNOT_SET\nE=\nx.y-z=1");
        await KubectlAsync(["create", "configmap", "theirs", "--from-env-file=" + file], "");
        (await RunAsync("Deploy-LabManifest", null, (await CmdletRunner.RunAsync("New-LabManifest", new { Kind = "ConfigMap", Name = "ours", EnvFile = file })).Ok().Output)).Ok();
        LabResource[] both = (await RunAsync("Get-LabResource", new { Kind = "configmaps", Name = new[] { "ours", "theirs" } })).Ok().OutputOf<LabResource>();
        Assert.Equal(both[1].ToObject()["data"]!.ToJsonString(), both[0].ToObject()["data"]!.ToJsonString());
    }

    private async Task<string> KubectlAsync(string[] arguments, string input)
    {
        ProcessStartInfo start = new(TestServers.Kubectl(), [.. arguments, "-n", Namespace]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["KUBECONFIG"], start.Environment["KUBECTL_APPLYSET"]) = (TestServers.Kubernetes(), "true");
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        string[] said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode == 0, said[1]);
        return said[0];
    }
}

/// <summary>What Deploy-LabManifest does with objects that somebody else wrote, scales, or no longer wants; and Compare-LabManifest before it.</summary>
public abstract class ManifestOwnershipTests(KubeServer server) : KubeTest(server)
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    [Fact]
    public async Task Fields_of_client_side_apply_are_removed_when_the_manifest_leaves_them_out()
    {
        await WriteAsync("kubectl-client-side-apply", "configmaps", new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "a", ["annotations"] = new JsonObject { [LastApplied] = "{}" } },
            ["data"] = new JsonObject { ["one"] = "1", ["two"] = "2" },
        });
        string manifest = Config("a", "one: '1'");
        ManifestComparison before = Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = manifest })).Ok().OutputOf<ManifestComparison>());
        Assert.Equal([("data.two", (object?)"2", null)], before.Changes.Select(change => (change.Path, change.Old, change.New)));
        Assert.Equal(["data.two"], Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = manifest, DryRun = true })).Ok().OutputOf<ManifestResult>()).ChangedPaths);

        CmdletResult result = (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        Assert.Empty(result.Warnings);
        Assert.Equal(["data.two"], Assert.Single(result.OutputOf<ManifestResult>()).ChangedPaths);
        JsonObject stored = await Api.GetAsync($"/api/v1/namespaces/{Namespace}/configmaps/a", Token);
        Assert.Equal("""{"one":"1"}""", stored.Object("data")!.ToJsonString());
        Assert.Null(stored.Object("metadata")!.Object("annotations"));
        Assert.Equal([("cloudlab", "Apply")], stored.Object("metadata")!.Objects("managedFields").Select(entry => (entry.Text("manager"), entry.Text("operation"))));
        Assert.Equal(ComparisonStatus.Unchanged, Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = manifest })).Ok().OutputOf<ManifestComparison>()).Status);
    }

    [Theory]
    [InlineData("new")]
    [InlineData("cloudlab")]
    [InlineData("kubectl-client-side-apply")]
    public async Task A_key_that_is_left_out_of_the_text_of_a_secret_is_removed(string before)
    {
        static string Secret(string texts) => $"{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, data: {{fixed: YQ==}}, stringData: {{{texts}}}}}\n";
        string path = $"/api/v1/namespaces/{Namespace}/secrets";
        await (before switch
        {
            // As it was applied before text was sent as data.
            "cloudlab" => Api.SendAsync(HttpMethod.Patch, $"{path}/s?fieldManager=cloudlab", Encoding.UTF8.GetBytes(ManifestReader.ReadText(Secret("a: x, b: z")).Single().ToJson().ToJsonString()), "application/apply-patch+yaml", Token),
            "new" => RunAsync("Deploy-LabManifest", new { Manifest = Secret("a: x, b: z") }),
            _ => WriteAsync(before, "secrets", (JsonObject)ManifestReader.ReadText(Secret("a: x, b: z")).Single().ToJson()),
        });
        Assert.Equal(["data.b"], Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = Secret("a: x") })).Ok().OutputOf<ManifestComparison>()).Changes.Select(change => change.Path));
        CmdletResult deployed = (await RunAsync("Deploy-LabManifest", new { Manifest = Secret("a: x") })).Ok();
        Assert.Empty(deployed.Warnings);
        Assert.Equal(["data.b"], Assert.Single(deployed.OutputOf<ManifestResult>()).ChangedPaths);
        JsonObject stored = await Api.GetAsync(path + "/s", Token);
        Assert.Equal(["a=eA==", "fixed=YQ=="], stored.Object("data")!.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
        Assert.Equal([("cloudlab", "Apply")], stored.Object("metadata")!.Objects("managedFields").Select(entry => (entry.Text("manager"), entry.Text("operation"))));
        Assert.Equal(ManifestAction.Unchanged, Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Secret("a: x") })).Ok().OutputOf<ManifestResult>()).Action);
    }

    [Fact]
    public async Task A_port_of_a_taken_service_gets_another_number_in_a_dry_run_too()
    {
        static string Service(int port) => $"{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{selector: {{app: s}}, ports: [{{name: http, port: {port}}}, {{name: other, port: 99}}]}}}}\n";
        await WriteAsync("kubectl-client-side-apply", "services", ManifestReader.ReadText(Service(80)).Single().ToJson());
        ManifestComparison would = Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = Service(81) })).Ok().OutputOf<ManifestComparison>());
        Assert.All(would.Changes, change => Assert.StartsWith("spec.ports[", change.Path, StringComparison.Ordinal));
        string[] tried = [.. Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Service(81), DryRun = true })).Ok().OutputOf<ManifestResult>()).ChangedPaths!.Order(StringComparer.Ordinal)];
        Assert.NotEmpty(tried);
        Assert.Equal(tried, Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Service(81) })).Ok().OutputOf<ManifestResult>()).ChangedPaths!.Order(StringComparer.Ordinal));

        // What the server really refuses is told.
        CmdletResult refused = await RunAsync("Compare-LabManifest", new { Manifest = Service(70000) });
        Assert.Contains("70000", Assert.Single(refused.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_meets_no_conflict_with_fields_that_are_taken_over()
    {
        await WriteAsync("kubectl-client-side-apply", "configmaps", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "a" }, ["data"] = new JsonObject { ["one"] = "1", ["two"] = "2" } });
        string manifest = Config("a", "one: '9'");
        ManifestComparison before = Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = manifest })).Ok().OutputOf<ManifestComparison>());
        Assert.Equal([("data.one", "1", "9"), ("data.two", "2", null)], before.Changes.Select(change => (change.Path, change.Old as string, change.New as string)));
        Assert.Equal(["data.one", "data.two"], Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = manifest, DryRun = true })).Ok().OutputOf<ManifestResult>()).ChangedPaths);

        await WriteAsync("somebody", "configmaps", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "b" }, ["data"] = new JsonObject { ["one"] = "1" } });
        string error = Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = Config("b", "one: '9'") })).Errors).ToString();
        Assert.Contains("conflict with \"somebody\"", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_of_create_stay_with_a_warning_until_they_are_taken_over()
    {
        await WriteAsync("kubectl-create", "configmaps", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "a" }, ["data"] = new JsonObject { ["one"] = "1", ["two"] = "2" } });
        string manifest = Config("a", "one: '1'");
        CmdletResult kept = (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        string warning = Assert.Single(kept.Warnings);
        Assert.Contains("'kubectl-create' set stay", warning, StringComparison.Ordinal);
        Assert.Contains("(.data.two); -TakeOver kubectl-create", warning, StringComparison.Ordinal);

        CmdletResult taken = (await RunAsync("Deploy-LabManifest", new { Manifest = manifest, TakeOver = "kubectl-create" })).Ok();
        Assert.Empty(taken.Warnings);
        Assert.Equal(["data.two"], Assert.Single(taken.OutputOf<ManifestResult>()).ChangedPaths);
    }

    [Fact]
    public async Task What_the_server_fills_in_after_a_take_over_is_no_change()
    {
        JsonObject spec = (JsonObject)ManifestReader.ReadText(Web(2)).Single().ToJson()["spec"]!.DeepClone();
        spec["minReadySeconds"] = 1;
        await WriteAsync("kubectl-create", "deployments", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "web" }, ["spec"] = spec }, "/apis/apps/v1");
        ManifestComparison would = Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = Web(2), TakeOver = "kubectl-create" })).Ok().OutputOf<ManifestComparison>());
        Assert.Equal(["spec.minReadySeconds"], would.Changes.Select(change => change.Path));
    }

    [Fact]
    public async Task A_conflict_names_manager_field_and_subresource()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1) })).Ok();
        await ScaleAsync(2, "somebody");
        string error = Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Web(3) })).Errors).ToString();
        Assert.Contains("conflict with \"somebody\" with subresource \"scale\" using apps/v1: .spec.replicas.", error, StringComparison.Ordinal);
        Assert.Contains("-Force", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_this_modules_own_cmdlets_changed_is_no_conflict()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1) })).Ok();
        (await RunAsync("Set-LabScale", new { Kind = "deploy/web", Replicas = 2 })).Ok();
        (await RunAsync("Set-LabWorkloadImage", new { Kind = "deploy/web", Image = "nginx:latest" })).Ok();
        ManifestComparison would = Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = Web(1) })).Ok().OutputOf<ManifestComparison>());
        Assert.Equal(["spec.replicas", "spec.template.spec.containers[name=\"web\"].image"], would.Changes.Select(change => change.Path).Order(StringComparer.Ordinal));
        CmdletResult back = (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1) })).Ok();
        Assert.Empty(back.Warnings);
        Assert.Contains(back.Verbose, line => line.Contains("took over what this module's own cmdlets had changed", StringComparison.Ordinal));
        Assert.Equal(1, await ReplicasAsync());

        // What somebody else changed beside it still is one, and nothing is taken.
        (await RunAsync("Set-LabWorkloadImage", new { Kind = "deploy/web", Image = "nginx:latest" })).Ok();
        await ScaleAsync(3, "somebody");
        Assert.Contains("somebody", Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Web(1) })).Errors).ToString(), StringComparison.Ordinal);
        Assert.Equal(3, await ReplicasAsync());
    }

    [Fact]
    public async Task A_rollout_that_failed_before_does_not_fail_the_next_deployment()
    {
        // The deadline of one second is exceeded by pods that can never start; the new spec is judged by what becomes of it.
        string good = Web(1).Replace("replicas: 1\n", "replicas: 1\n  progressDeadlineSeconds: 1\n", StringComparison.Ordinal)
            .Replace("command: [sleep, \"600\"]", "imagePullPolicy: Never, command: [sleep, \"600\"]", StringComparison.Ordinal);
        string bad = good.Replace("containers: [", "nodeSelector: {no: such}, containers: [", StringComparison.Ordinal);
        Assert.StartsWith("RolloutFailed", Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = bad, Wait = true, Timeout = 60 })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        string mended = good.Replace("progressDeadlineSeconds: 1\n", "progressDeadlineSeconds: 60\n", StringComparison.Ordinal);
        Assert.Equal("1/1 ready", Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = mended, Wait = true, Timeout = 60 })).Ok().OutputOf<ManifestResult>()).State);
    }

    [Fact]
    public async Task Replicas_that_an_autoscaler_decides_about_are_never_reset()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(2) })).Ok();
        (await RunAsync("Deploy-LabManifest", null, [Scaler()])).Ok();

        // It has not scaled yet: left out, replicas would fall to 1.
        CmdletResult result = (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1), Force = true })).Ok();
        Assert.Contains("'web' decides about replicas", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal(2, await ReplicasAsync());
        await ScaleAsync(3, "kube-controller-manager");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1), Force = true })).Ok();
        Assert.Equal(3, await ReplicasAsync());
        Assert.Equal(ComparisonStatus.Unchanged, Assert.Single((await RunAsync("Compare-LabManifest", new { Manifest = Web(1), Force = true })).Ok().OutputOf<ManifestComparison>()).Status);

        // Without it, what it left behind is a conflict, and can be taken.
        (await RunAsync("Remove-LabManifest", new { Force = true, Wait = true }, [Scaler()])).Ok();
        Assert.Contains("kube-controller-manager", Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Web(1) })).Errors).ToString(), StringComparison.Ordinal);
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1), Force = true })).Ok();
        Assert.Equal(1, await ReplicasAsync());
    }

    [Fact]
    public async Task Changed_paths_are_known_for_one_object_and_for_many()
    {
        string All(string value) => string.Join("---\n", Enumerable.Range(0, 12).Select(i => Config($"m{i}", $"key: '{(i == 7 ? value : "1")}'")));
        (await RunAsync("Deploy-LabManifest", new { Manifest = All("1") })).Ok();
        ManifestResult changed = Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = All("2") })).Ok().OutputOf<ManifestResult>(), r => r.Action != ManifestAction.Unchanged);
        Assert.Equal(("m7", ManifestAction.Configured), (changed.Name, changed.Action));
        Assert.Equal(["data.key"], changed.ChangedPaths);
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1) })).Ok();

        // The controller's note of the revision is a change, too, if it comes between.
        (await RunAsync("Wait-LabResource", new { Kind = "deploy/web", For = "jsonpath={.status.observedGeneration}=1" })).Ok();
        string image = Web(1).Replace("busybox:1.36", "busybox:1.37", StringComparison.Ordinal);
        Assert.Equal(
            ["""spec.template.spec.containers[name="web"].image"""],
            Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = image })).Ok().OutputOf<ManifestResult>()).ChangedPaths);
    }

    [Fact]
    public async Task What_cannot_be_changed_is_named_and_replaced_only_when_asked()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1) })).Ok();
        string other = Web(1).Replace("app: web}", "app: other}", StringComparison.Ordinal);
        string error = Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = other })).Errors).ToString();
        Assert.Contains("spec.selector", error, StringComparison.Ordinal);
        Assert.Contains("-Replace", error, StringComparison.Ordinal);
        CmdletResult nobody = await RunAsync("Deploy-LabManifest", new { Manifest = other, Replace = true });
        Assert.StartsWith("ConfirmationNeeded", Assert.Single(nobody.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        ManifestResult replaced = Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = other, Replace = true, Confirm = false })).Ok().OutputOf<ManifestResult>());
        Assert.Equal(ManifestAction.Replaced, replaced.Action);
        Assert.Contains("spec.selector.matchLabels.app", replaced.ChangedPaths!);
    }

    [Fact]
    public async Task A_set_is_pruned_of_what_it_owns_and_of_nothing_else()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Config("foreign", "a: b") })).Ok();
        string all = Config("a", "k: v") + "---\n" + Config("b", "k: v");
        (await RunAsync("Deploy-LabManifest", new { Manifest = all, ApplySet = "films", Prune = true })).Ok();

        // Nothing is removed while anything is wrong.
        CmdletResult broken = await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "k: [1]"), ApplySet = "films", Prune = true });
        Assert.Single(broken.Errors);
        Assert.Contains("Nothing is pruned", Assert.Single(broken.Warnings), StringComparison.Ordinal);

        CmdletResult whatIf = (await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "k: v"), ApplySet = "films", Prune = true, WhatIf = true })).Ok();
        Assert.Single(whatIf.Information, line => line.Contains("\"Prune\"", StringComparison.Ordinal) && line.Contains("configmap/b ", StringComparison.Ordinal));
        ManifestResult[] results = (await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "k: v"), ApplySet = "films", Prune = true })).Ok().OutputOf<ManifestResult>();
        Assert.Equal([("a", ManifestAction.Unchanged), ("b", ManifestAction.Pruned)], results.Select(r => (r.Name, r.Action)));
        JsonObject metadata = (await Api.GetAsync($"/api/v1/namespaces/{Namespace}/secrets/films", Token)).Object("metadata")!;
        Assert.Equal("ConfigMap", metadata.Object("annotations")!.Text("applyset.kubernetes.io/contains-group-kinds"));

        // Another set does not take its members by mistake.
        Assert.StartsWith(
            "OtherApplySet",
            Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "k: v"), ApplySet = "configmap/other", Prune = true })).Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal);

        CmdletResult empty = await RunAsync("Deploy-LabManifest", new { Manifest = "# nothing\n---\n", ApplySet = "films", Prune = true });
        Assert.StartsWith("ConfirmationNeeded", Assert.Single(empty.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        CmdletResult missing = await RunAsync("Deploy-LabManifest", new { Path = Path.Combine(Folder, "no-such.yaml"), ApplySet = "films", Prune = true, Confirm = false });
        Assert.Contains(missing.Warnings, line => line.Contains("Nothing is pruned", StringComparison.Ordinal));
        Assert.Equal(["a", "foreign"], await NamesAsync());
        Assert.Equal(ManifestAction.Pruned, Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = "# nothing\n---\n", ApplySet = "films", Prune = true, Confirm = false })).Ok().OutputOf<ManifestResult>()).Action);
        Assert.Equal(["foreign"], await NamesAsync());

        async Task<string[]> NamesAsync() =>
            [.. (await RunAsync("Get-LabResource", new { Kind = "configmaps" })).Ok().OutputOf<LabResource>().Select(r => r.Name).Where(name => name is "a" or "b" or "foreign").Order()];
    }

    [Theory]
    [InlineData("a.yaml/b/c")]
    [InlineData("service/x")]
    [InlineData("nosuchkind/x")]
    public async Task A_set_that_cannot_be_ends_the_command(string name)
    {
        CmdletResult result = await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "k: v"), ApplySet = name });
        Assert.Empty(result.Output);
        Assert.NotNull(result.TerminatingError ?? result.Errors.SingleOrDefault());
    }

    [Fact]
    public async Task Prune_needs_a_set() => Assert.StartsWith(
        "ApplySetMissing", (await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "k: v"), Prune = true })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);

    [Fact]
    public async Task Workloads_restart_when_what_they_are_configured_with_changes()
    {
        string web = Web(1).Replace("name: web,", "name: web, envFrom: [{configMapRef: {name: conf}}],", StringComparison.Ordinal);
        string other = web.Replace("name: web", "name: unlisted", StringComparison.Ordinal).Replace("app: web", "app: unlisted", StringComparison.Ordinal);
        (await RunAsync("Deploy-LabManifest", new { Manifest = $"{Config("conf", "k: v")}---\n{web}\n---\n{other}" })).Ok();
        string changed = $"{Config("conf", "k: w")}---\n{web}";
        ManifestResult[] results = (await RunAsync("Deploy-LabManifest", new { Manifest = changed, RestartOnConfigChange = true })).Ok().OutputOf<ManifestResult>();
        Assert.Equal(["conf False", "unlisted True", "web True"], results.Select(r => $"{r.Name} {r.Restarted}").Order());
        Assert.DoesNotContain((await RunAsync("Deploy-LabManifest", new { Manifest = changed, RestartOnConfigChange = true })).Ok().OutputOf<ManifestResult>(), r => r.Restarted || r.Action != ManifestAction.Unchanged);
        ManifestComparison[] after = (await RunAsync("Compare-LabManifest", new { Manifest = changed })).Ok().OutputOf<ManifestComparison>();
        Assert.All(after, comparison => Assert.Equal(ComparisonStatus.Unchanged, comparison.Status));
    }

    [Fact]
    public async Task A_comparison_masks_secrets_and_says_what_differs()
    {
        Hashtable Secret(string password) => new()
        {
            ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new Hashtable { ["name"] = "s" },
            ["data"] = new Hashtable { ["password"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(password)), ["user"] = "YXBw" },
        };
        (await RunAsync("Deploy-LabManifest", null, [Secret("hunter2")])).Ok();
        CmdletResult result = (await RunAsync("Compare-LabManifest", null, [Secret("hunter3")])).Ok();
        ManifestComparison comparison = Assert.Single(result.OutputOf<ManifestComparison>());
        Assert.Equal([new ManifestChange("data.password", "*** (before)", "*** (after)")], comparison.Changes);
        string text = comparison.Diff + string.Join('\n', result.Verbose);
        Assert.Contains("-  password: '*** (before)'", text, StringComparison.Ordinal);
        Assert.DoesNotContain("aHVudGVy", text, StringComparison.Ordinal);
        Assert.DoesNotContain("YXBw", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_manifest_brings_itself_is_compared_as_created()
    {
        string manifest = $"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {Namespace}-new}}\n---\n{Config("a", "k: v").Replace("name: a", $"name: a\n  namespace: {Namespace}-new", StringComparison.Ordinal)}"
            + $"---\napiVersion: {Namespace}.example.com/v1\nkind: Film\nmetadata: {{name: alien}}\n---\n"
            + $"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: films.{Namespace}.example.com}}\n"
            + $"spec: {{group: {Namespace}.example.com, scope: Namespaced, names: {{plural: films, singular: film, kind: Film}}, versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]}}\n";
        CmdletResult result = (await RunAsync("Compare-LabManifest", new { Manifest = manifest })).Ok();
        Assert.Equal(4, result.OutputOf<ManifestComparison>().Count(comparison => comparison.Status == ComparisonStatus.Created));
        Assert.Empty(result.Warnings);
        CmdletResult nowhere = (await RunAsync("Compare-LabManifest", new { Manifest = Config("a", "k: v"), Namespace = "nowhere-" + Namespace })).Ok();
        Assert.Equal(ComparisonStatus.Created, Assert.Single(nowhere.OutputOf<ManifestComparison>()).Status);
        Assert.Contains("the manifest does not create it", Assert.Single(nowhere.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_key_that_occurs_twice_the_last_one_is_deployed_with_a_warning()
    {
        string path = Write("twice.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: '1'\n  k: '2'\n");
        CmdletResult result = (await RunAsync("Deploy-LabManifest", new { Path = path })).Ok();
        Assert.Equal($"{path}: the key 'k' occurs twice, on lines 5 and 6: the last one counts.", Assert.Single(result.Warnings));
        Assert.Equal("2", Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "a" })).Ok().OutputOf<LabResource>()).Data!["k"]);
    }

    [Fact]
    public async Task A_generated_name_is_created_every_time()
    {
        const string Manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: many-}\n";
        string[] names = [.. (await RunAsync("Deploy-LabManifest", null, [Manifest, Manifest])).Ok().OutputOf<ManifestResult>().Select(r => r.Name)];
        Assert.Equal(2, names.Distinct().Count());
        Assert.All(names, name => Assert.StartsWith("many-", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Forty_manifests_are_deployed_compare_as_unchanged_and_are_removed()
    {
        string samples = Path.Combine(Repository.Folder, "tests", "CloudLab.Tests", "Kubernetes", "Manifests", "Samples");
        string[] files = Directory.GetFiles(samples);
        Assert.Equal(40, files.Length);
        foreach (string file in files)
        {
            Write(Path.GetFileName(file), (await File.ReadAllTextAsync(file, Token)).Replace("NAMESPACE", Namespace, StringComparison.Ordinal));
        }

        ManifestResult[] created = (await RunAsync("Deploy-LabManifest", new { Path = Folder })).Ok().OutputOf<ManifestResult>();
        Assert.All(created, result => Assert.Equal(ManifestAction.Created, result.Action));
        Assert.All(ManifestTemplate.Kinds, kind => Assert.Contains(created, result => result.Kind == kind));
        Assert.Equal(
            [],
            (await RunAsync("Compare-LabManifest", new { Path = Folder })).Ok().OutputOf<ManifestComparison>()
                .Where(comparison => comparison.Status != ComparisonStatus.Unchanged).Select(comparison => $"{comparison}: {string.Join(", ", comparison.Changes)}"));
        Assert.Equal(
            [],
            (await RunAsync("Deploy-LabManifest", new { Path = Folder })).Ok().OutputOf<ManifestResult>().Where(result => result.Action != ManifestAction.Unchanged).Select(result => $"{result} {result.Action}"));
        Assert.Equal(created.Length, (await RunAsync("Remove-LabManifest", new { Path = Folder, Force = true, PassThru = true })).Ok().Output.Count);
    }

    [Fact]
    public async Task Every_template_is_accepted()
    {
        LabResource[] made = [.. ManifestTemplateTests.All(Namespace).Select(template => template.Build())];
        (await RunAsync("Deploy-LabManifest", null, made)).Ok();
        Assert.All(
            (await RunAsync("Compare-LabManifest", null, made)).Ok().OutputOf<ManifestComparison>(),
            comparison => Assert.Equal((comparison.Kind, ComparisonStatus.Unchanged), (comparison.Kind, comparison.Status)));
        Assert.Equal(ManifestTemplate.Kinds, made.Select(resource => resource.Kind).Distinct().Order(StringComparer.Ordinal));
    }

    protected static string Config(string name, string data) => $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata: {{{data}}}\n";

    private static string Web(int replicas) =>
        $"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: web}}}}\n"
        + "  template:\n    metadata: {labels: {app: web}}\n    spec: {terminationGracePeriodSeconds: 1, containers: [{name: web, image: \"busybox:1.36\", command: [sleep, \"600\"]}]}\n";

    private static LabResource Scaler() => new ManifestTemplate { Kind = "HorizontalPodAutoscaler", Name = "web", Values = new Dictionary<string, object> { ["MinReplicas"] = 1 } }.Build();

    private Task WriteAsync(string manager, string plural, JsonObject content, string root = "/api/v1") => Api.SendAsync(
        HttpMethod.Post, $"{root}/namespaces/{Namespace}/{plural}?fieldManager={manager}", Encoding.UTF8.GetBytes(content.ToJsonString()), null, Token);

    private Task ScaleAsync(int replicas, string manager) => Api.SendAsync(
        HttpMethod.Patch, $"/apis/apps/v1/namespaces/{Namespace}/deployments/web/scale?fieldManager={manager}",
        Encoding.UTF8.GetBytes($"{{\"spec\":{{\"replicas\":{replicas}}}}}"), "application/merge-patch+json", Token);

    private async Task<long?> ReplicasAsync() =>
        (await Api.GetAsync($"/apis/apps/v1/namespaces/{Namespace}/deployments/web", Token)).Object("spec")!.Number("replicas");
}
