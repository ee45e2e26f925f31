using System.Collections;
using System.Management.Automation;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Manifests;

[Trait("Area", "Kubernetes")]
public sealed class DeployOnEmulatorTests() : DeployTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class DeployOnRealClusterTests() : DeployTests(KubeServer.Real)
{
    [Fact]
    public async Task A_rollout_that_fails_says_why_as_its_pods_see_it()
    {
        string manifest = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: stuck}
            spec:
              progressDeadlineSeconds: 1
              selector: {matchLabels: {app: stuck}}
              template:
                metadata: {labels: {app: stuck}}
                spec: {nodeSelector: {no: such-node}, containers: [{name: c, image: "c:1"}]}
            ---
            apiVersion: batch/v1
            kind: Job
            metadata: {name: late}
            spec: {activeDeadlineSeconds: 1, template: {spec: {restartPolicy: Never, nodeSelector: {no: such-node}, containers: [{name: c, image: "c:1"}]}}}

            """;
        CmdletResult result = await RunAsync("Deploy-LabManifest", new { Manifest = manifest, Wait = true, Timeout = 60 });
        Assert.Equal(2, result.Errors.Count);
        Assert.All(result.Errors, e => Assert.StartsWith("RolloutFailed", e.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Contains(result.Errors, e => e.ToString()!.Contains("exceeded its progress deadline; Unschedulable (0/", StringComparison.Ordinal));
        Assert.Contains(result.Errors, e => e.ToString()!.Contains("DeadlineExceeded", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_server_warns_of_is_said_once()
    {
        string manifest = string.Concat(Enumerable.Range(0, 3).Select(i => $"---\napiVersion: v1\nkind: Endpoints\nmetadata: {{name: old{i}}}\n"));
        CmdletResult result = (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        Assert.Contains("v1 Endpoints is deprecated", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_refuses_is_said_with_the_field()
    {
        string manifest = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: numbers}
            data: {a: 1}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: typo}
            spec: {containers: [{name: x, image: y, imagePullPolice: Always}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: Bad_Name}
            spec: {containers: [{name: x, image: y}]}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: secret}
            stringData: {password: 271828}

            """;
        string[] errors = [.. (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Errors.Select(e => e.ToString()!).Order()];
        Assert.Equal(4, errors.Length);
        Assert.EndsWith(".data.a: expected string, got 1", errors[0], StringComparison.Ordinal);
        Assert.Contains("Bad_Name", errors[1], StringComparison.Ordinal);
        Assert.Contains("imagePullPolice", errors[2], StringComparison.Ordinal);
        Assert.Contains("secret/secret", errors[3], StringComparison.Ordinal);
        Assert.All(errors, e => Assert.DoesNotContain("271828", e, StringComparison.Ordinal));
        Assert.All(errors, e => Assert.Contains("(input line ", e, StringComparison.Ordinal));
    }
}

/// <summary>Deploy-LabManifest, Get-LabResource and Remove-LabManifest as a user runs them.</summary>
public abstract class DeployTests(KubeServer server) : KubeTest(server)
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            # An image that the node of the real cluster has.
            spec: {terminationGracePeriodSeconds: 1, containers: [{name: web, image: "busybox:1.36", command: [sleep, "600"]}]}
        """;

    [Fact]
    public async Task What_is_deployed_first_is_created_then_unchanged_then_configured()
    {
        string path = Write("m.yaml", Config("a", "1") + "---\n" + Config("b", "1"));
        ManifestResult[] created = (await RunAsync("Deploy-LabManifest", new { Path = path })).Ok().OutputOf<ManifestResult>();
        Assert.Equal([("a", 1, 1), ("b", 2, 7)], created.OrderBy(r => r.Name).Select(r => (r.Name, r.Document, r.Line)));
        Assert.All(created, r => Assert.Equal((ManifestAction.Created, Namespace, path, "ConfigMap"), (r.Action, r.Namespace, r.Source, r.Kind)));

        File.WriteAllText(path, Config("a", "1") + "---\n" + Config("b", "2"));
        ManifestResult[] again = (await RunAsync("Deploy-LabManifest", new { Path = path })).Ok().OutputOf<ManifestResult>();
        Assert.Equal(["a Unchanged", "b Configured"], again.Select(r => $"{r.Name} {r.Action}").Order());
    }

    [Fact]
    public async Task What_has_only_a_name_is_unchanged_the_second_time()
    {
        string manifest = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: plain\n";
        foreach (ManifestAction action in new[] { ManifestAction.Created, ManifestAction.Unchanged, ManifestAction.Unchanged })
        {
            Assert.Equal(action, Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok().OutputOf<ManifestResult>()).Action);
        }
    }

    [Fact]
    public async Task Many_objects_of_a_kind_are_told_apart_too()
    {
        string all = string.Join("---\n", Enumerable.Range(0, 40).Select(i => Config($"m{i}", "1")));
        Assert.Equal(40, (await RunAsync("Deploy-LabManifest", new { Manifest = all })).Ok().OutputOf<ManifestResult>().Count(r => r.Action == ManifestAction.Created));
        string changed = all.Replace("name: m7\n", "name: m7x\n", StringComparison.Ordinal);
        ILookup<ManifestAction, string> again = (await RunAsync("Deploy-LabManifest", new { Manifest = changed })).Ok()
            .OutputOf<ManifestResult>().ToLookup(r => r.Action, r => r.Name);
        Assert.Equal("m7x", Assert.Single(again[ManifestAction.Created]));
        Assert.Equal(39, again[ManifestAction.Unchanged].Count());
        Assert.Equal(41, (await RunAsync("Get-LabResource", new { Kind = "cm", Name = "m*" })).Ok().Output.Count);
    }

    [Fact]
    public async Task A_deployment_is_waited_for_until_its_pods_are_ready()
    {
        string manifest = Web.Replace("web:1", await RunnableImageAsync(), StringComparison.Ordinal);
        ManifestResult result = Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = manifest, Wait = true, Timeout = 60 })).Ok().OutputOf<ManifestResult>());
        Assert.Equal("2/2 ready", result.State);
        LabResource deployment = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "deploy", Name = "web" })).Ok().OutputOf<LabResource>());
        Assert.Equal(("2/2", "Available", 2L), (deployment.Ready, deployment.State, deployment.Spec!["REPLICAS"]));
        LabResource[] pods = (await RunAsync("Get-LabResource", new { Kind = "po", LabelSelector = "app=web" })).Ok().OutputOf<LabResource>();
        Assert.Equal(2, pods.Length);
        Assert.All(pods, pod => Assert.Equal(("1/1", "Running", "Running"), (pod.Ready, pod.State, pod.Status!["phase"])));
        Assert.Empty((await RunAsync("Get-LabResource", new { Kind = "po", LabelSelector = "app!=web" })).Ok().Output);
    }

    [Fact]
    public async Task A_bad_document_is_its_own_error_and_the_others_are_deployed()
    {
        string path = Write("m.yaml", Config("good", "1") + "---\napiVersion: v1\nkind: ConfigMap\ndata: {a: [}\n---\n" + Config("fine", "1")
            + "---\napiVersion: apps/v1\nkind: Deploymint\nmetadata: {name: x}\n");
        CmdletResult result = await RunAsync("Deploy-LabManifest", new { Path = path });
        Assert.Null(result.TerminatingError);
        Assert.Equal(["fine", "good"], result.OutputOf<ManifestResult>().Select(r => r.Name).Order());
        ErrorRecord syntax = Assert.Single(result.Errors, e => e.FullyQualifiedErrorId.StartsWith("ManifestSyntax", StringComparison.Ordinal));
        Assert.StartsWith($"{path}: line 9, column ", syntax.ToString(), StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidData, syntax.CategoryInfo.Category);
        ErrorRecord kind = Assert.Single(result.Errors, e => e.FullyQualifiedErrorId.StartsWith("KindNotFound", StringComparison.Ordinal));
        Assert.Contains("did you mean Deployment?", kind.ToString(), StringComparison.Ordinal);
        Assert.Contains(path + " line 17", kind.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_namespace_says_what_to_do()
    {
        CmdletResult result = await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "1"), Namespace = "nowhere-" + Namespace });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("NotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"There is no namespace 'nowhere-{Namespace}': create it", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_namespace_that_contradicts_the_manifest_is_refused()
    {
        CmdletResult result = await RunAsync(
            "Deploy-LabManifest", new { Manifest = Config("a", "1").Replace("name: a", "name: a\n  namespace: other", StringComparison.Ordinal), Namespace });
        Assert.StartsWith("NamespaceMismatch", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_custom_resource_of_a_group_that_sounds_built_in_goes_after_its_definition()
    {
        string group = Namespace + ".k8s.io";
        string manifest = $$$"""
            apiVersion: {{{group}}}/v1
            kind: GatewayClass
            metadata: {name: {{{Namespace}}}}
            ---
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: gatewayclasses.{{{group}}}
              annotations: {api-approved.kubernetes.io: unapproved}
            spec:
              group: {{{group}}}
              scope: Cluster
              names: {plural: gatewayclasses, singular: gatewayclass, kind: GatewayClass}
              versions:
              - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true} } }

            """;
        (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        (await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true, Wait = true, Timeout = 60 })).Ok();
        // With the definition, its objects are gone, whatever the group sounds like.
        (await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true })).Ok();
    }

    [Fact]
    public async Task Kinds_are_ordered_and_definitions_waited_for()
    {
        string group = Namespace + ".example.com";
        string manifest = $$$"""
            apiVersion: {{{group}}}/v1
            kind: Film
            metadata: {name: alien}
            spec: {year: 1979}
            ---
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: films.{{{group}}}}
            spec:
              group: {{{group}}}
              scope: Namespaced
              names: {plural: films, singular: film, kind: Film}
              versions:
              - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true} } }

            """;
        Assert.Equal(
            ["CustomResourceDefinition", "Film"],
            (await RunAsync("Deploy-LabManifest", new { Manifest = manifest, DryRun = true })).Ok().OutputOf<ManifestResult>().Select(r => r.Kind));
        CmdletResult whatIf = (await RunAsync("Deploy-LabManifest", new { Manifest = manifest, WhatIf = true })).Ok();
        Assert.Empty(whatIf.Output);
        Assert.Contains(whatIf.Information, line => line.Contains($"film.{group}/alien", StringComparison.Ordinal));
        Assert.Equal(
            ["CustomResourceDefinition", "Film"],
            (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok().OutputOf<ManifestResult>().Select(r => r.Kind));
        // In a folder, a definition often stands in more than one file.
        string twice = $"{manifest}\n---\n{manifest.Replace("plural: films", "plural: films, shortNames: [fi]", StringComparison.Ordinal)}";
        Assert.Equal(4, (await RunAsync("Deploy-LabManifest", new { Manifest = twice })).Ok().Output.Count);
        LabResource film = Assert.Single((await RunAsync("Get-LabResource", new { Kind = $"films.{group}" })).Ok().OutputOf<LabResource>());
        Assert.Equal(1979L, film.Spec!["year"]);

        CmdletResult removed = (await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true, Wait = true, PassThru = true, Timeout = 60 })).Ok();
        Assert.Equal(["Film", "CustomResourceDefinition"], removed.OutputOf<ManifestResult>().Select(r => r.Kind));
        (await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true })).Ok();
    }

    [Fact]
    public async Task A_dry_run_keeps_nothing_and_says_what_would_be()
    {
        Assert.True(Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "1"), DryRun = true })).Ok().OutputOf<ManifestResult>())
            is { Action: ManifestAction.Created, DryRun: true });
        Assert.Empty((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "a*" })).Ok().Output);
        (await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "1") })).Ok();
        Assert.Equal(ManifestAction.Unchanged, Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "1"), DryRun = true })).OutputOf<ManifestResult>()).Action);
        Assert.Equal(ManifestAction.Configured, Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "2"), DryRun = true })).OutputOf<ManifestResult>()).Action);
        LabResource kept = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "a" })).Ok().OutputOf<LabResource>());
        Assert.Equal("1", kept.Data!["key"]);
    }

    [Fact]
    public async Task Fields_of_somebody_else_are_taken_over_only_with_force()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "1"), FieldManager = "somebody" })).Ok();
        CmdletResult refused = await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "2") });
        ErrorRecord conflict = Assert.Single(refused.Errors);
        Assert.StartsWith("Conflict", conflict.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("-Force", conflict.ToString(), StringComparison.Ordinal);
        Assert.Contains(".data.key", conflict.ToString(), StringComparison.Ordinal);
        Assert.Equal(ManifestAction.Configured, Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "2"), Force = true })).Ok().OutputOf<ManifestResult>()).Action);
    }

    [Fact]
    public async Task Objects_come_in_through_the_pipeline_in_every_shape()
    {
        Hashtable table = new() { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new Hashtable { ["name"] = "table" } };
        PSObject made = new();
        made.Properties.Add(new PSNoteProperty("apiVersion", "v1"));
        made.Properties.Add(new PSNoteProperty("kind", "ConfigMap"));
        made.Properties.Add(new PSNoteProperty("metadata", new Hashtable { ["name"] = "made" }));
        string path = Write("file.yaml", Config("file", "1"));
        IEnumerable<object> lines = Config("lines", "1").Split('\n');
        CmdletResult result = await RunAsync("Deploy-LabManifest", null, [table, made, new FileInfo(path), .. lines]);
        Assert.Equal(["file", "lines", "made", "table"], result.Ok().OutputOf<ManifestResult>().Select(r => r.Name).Order());
    }

    [Fact]
    public async Task Lines_that_look_like_drives_or_files_are_lines()
    {
        CmdletResult result = await RunAsync(
            "Deploy-LabManifest", null, ["", "apiVersion: v1", "kind: ConfigMap", "metadata:", "  name: drives", "data:", "  key: value"]);
        Assert.Equal("drives", Assert.Single(result.Ok().OutputOf<ManifestResult>()).Name);
        result = await RunAsync("Deploy-LabManifest", null, ["nothing-there.yaml"]);
        Assert.StartsWith("ManifestUnreadable", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_can_be_added_where_there_are_none()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "1") })).Ok();
        LabResource found = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "a" })).Ok().OutputOf<LabResource>());
        found.Labels["tier"] = "web";
        found.Metadata["Annotations"] = new Hashtable { ["why"] = "test" };
        (await RunAsync("Deploy-LabManifest", null, [found])).Ok();
        found = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "a" })).Ok().OutputOf<LabResource>());
        Assert.Equal(("web", "test"), (found.Labels["tier"], found.Annotations["why"]));
    }

    [Fact]
    public async Task An_object_that_was_read_can_be_changed_and_deployed_again()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Config("a", "1") })).Ok();
        LabResource found = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "a" })).Ok().OutputOf<LabResource>());
        found.Data!["KEY"] = "changed";
        (await RunAsync("Deploy-LabManifest", null, [found])).Ok();
        found = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "a" })).Ok().OutputOf<LabResource>());
        Assert.Equal("changed", found.Data!["key"]);
    }

    [Fact]
    public async Task Results_lead_on_to_the_objects_and_to_their_removal()
    {
        IEnumerable<object?> results = (await RunAsync("Deploy-LabManifest", new { Manifest = Web })).Ok().Output;
        Assert.Equal("web", Assert.Single((await RunAsync("Get-LabResource", null, results)).Ok().OutputOf<LabResource>()).Name);
        ManifestResult removed = Assert.Single((await RunAsync("Remove-LabManifest", new { Force = true, Wait = true, PassThru = true, Timeout = 60 }, results)).Ok().OutputOf<ManifestResult>());
        Assert.Equal((ManifestAction.Removed, "web", "gone"), (removed.Action, removed.Name, removed.State));
        Assert.Empty((await RunAsync("Get-LabResource", new { Kind = "deploy" })).Ok().Output);
    }

    [Fact]
    public async Task Removing_asks_unless_forced_and_what_is_not_there_is_no_error()
    {
        string manifest = Config("a", "1");
        (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        CmdletResult whatIf = (await RunAsync("Remove-LabManifest", new { Manifest = manifest, WhatIf = true, Force = true })).Ok();
        Assert.Contains(whatIf.Information, line => line.Contains($"configmap/a in namespace {Namespace}", StringComparison.Ordinal));
        Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "a" })).Ok().Output);
        Assert.Equal(ManifestAction.Removed, Assert.Single((await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true, PassThru = true })).Ok().OutputOf<ManifestResult>()).Action);
        Assert.Equal(ManifestAction.Absent, Assert.Single((await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true, PassThru = true })).Ok().OutputOf<ManifestResult>()).Action);
        CmdletResult strict = await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true, ErrorOnNotFound = true });
        Assert.StartsWith("NotFound", Assert.Single(strict.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x😀y 👩‍👩‍👧 𝕏")]
    [InlineData(@"\ud83d\ude00 and \\ud83d")]
    [InlineData("a\u2028b\u0085c\ue000 \\ \"")]
    public async Task Any_text_arrives_as_it_was(string text)
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = new Hashtable
        {
            ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new Hashtable { ["name"] = "text" }, ["data"] = new Hashtable { ["a"] = text },
        } })).Ok();
        LabResource stored = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "text" })).Ok().OutputOf<LabResource>());
        Assert.Equal(text, stored.ToObject()["data"]!["a"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_wait_shows_what_was_last_seen()
    {
        await HoldAsync();
        CmdletResult result = await RunAsync("Remove-LabManifest", new { Manifest = Config("held", "1"), Force = true, Wait = true, Timeout = 3 });
        await ReleaseAsync();
        Assert.Contains(result.Progress, p => p.Activity.StartsWith("Waiting for 1 objects", StringComparison.Ordinal)
            && p.StatusDescription.Contains("still exists, held by example.com/hold", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wait_that_takes_too_long_says_what_was_seen()
    {
        await HoldAsync();
        CmdletResult result = await RunAsync("Remove-LabManifest", new { Manifest = Config("held", "1"), Force = true, Wait = true, Timeout = 1 });
        await ReleaseAsync();
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("WaitTimeout", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.OperationTimeout, error.CategoryInfo.Category);
        Assert.Contains("Last seen: still exists, held by example.com/hold", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_wait()
    {
        await HoldAsync();
        using CancellationTokenSource ctrlC = new();
        CmdletResult result = await RunAsync(
            "Remove-LabManifest", new { Manifest = Config("held", "1"), Force = true, Wait = true, Timeout = 300 }, ctrlC: ctrlC.Token,
            onVerbose: line =>
            {
                if (line.Contains("held by", StringComparison.Ordinal))
                {
                    ctrlC.Cancel();
                }
            });
        await ReleaseAsync();
        Assert.True(result.Stopped);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task A_wait_sees_what_somebody_else_does_meanwhile()
    {
        await HoldAsync();
        Task release = Task.CompletedTask;
        CmdletResult result = await RunAsync(
            "Remove-LabManifest", new { Manifest = Config("held", "1"), Force = true, Wait = true, PassThru = true, Timeout = 60 },
            onVerbose: line =>
            {
                if (line.Contains("held by", StringComparison.Ordinal))
                {
                    release = ReleaseAsync();
                }
            });
        await release;
        Assert.Equal("gone", Assert.Single(result.Ok().OutputOf<ManifestResult>()).State);
    }

    [Fact]
    public async Task Names_kinds_and_namespaces_that_are_not_there_are_errors_of_their_own()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Config("here", "1") })).Ok();
        CmdletResult result = await RunAsync("Get-LabResource", new { Kind = new[] { "configmaps", "deploymnts" }, Name = new[] { "here", "gone" } });
        Assert.Equal("here", Assert.Single(result.OutputOf<LabResource>()).Name);
        Assert.Equal(["KindNotFound", "NotFound"], result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]).Order());
        Assert.Equal("here", Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm/here" })).Ok().OutputOf<LabResource>()).Name);
        Assert.Contains((await RunAsync("Get-LabResource", new { Kind = "cm", AllNamespaces = true })).Ok().OutputOf<LabResource>(), r => r.Namespace == Namespace);
    }

    // ArrayList and List<object> are what scripts collect in; their parts were stored as "@{name=c}".
    [Fact]
    public async Task Lists_of_any_kind_hold_objects()
    {
        List<object> containers = [Custom(("name", "c"), ("image", "busybox"), ("ports", new ArrayList { PSObject.AsPSObject(Custom(("containerPort", PSObject.AsPSObject(80)))) }))];
        (await RunAsync("Deploy-LabManifest", new { Manifest = new Hashtable
        {
            ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = new Dictionary<string, object> { ["name"] = "lists" }, ["spec"] = new Hashtable { ["containers"] = containers },
        } })).Ok();
        LabResource pod = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "pod", Name = "lists" })).Ok().OutputOf<LabResource>());
        Assert.Contains("\"containerPort\": 80", pod.ToJson(), StringComparison.Ordinal);

        pod.Metadata["labels"] = Custom(("made", "by-hand"));
        (await RunAsync("Deploy-LabManifest", null, [pod])).Ok();
        pod = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "pod", Name = "lists" })).Ok().OutputOf<LabResource>());
        Assert.Contains("\"made\": \"by-hand\"", pod.ToJson(), StringComparison.Ordinal);

        static PSObject Custom(params (string Name, object Value)[] properties)
        {
            PSObject custom = new();
            Array.ForEach(properties, property => custom.Properties.Add(new PSNoteProperty(property.Name, property.Value)));
            return custom;
        }
    }

    [Fact]
    public async Task An_object_that_cannot_be_json_is_an_error_of_its_own()
    {
        Hashtable endless = new() { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new Hashtable { ["name"] = "endless" } };
        endless["data"] = endless;
        using System.Security.SecureString secure = new();
        Hashtable hidden = new() { ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new Hashtable { ["name"] = "hidden" }, ["stringData"] = new Hashtable { ["password"] = secure } };
        Hashtable odd = new() { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new Hashtable { ["name"] = "odd" }, ["immutable"] = double.NaN };
        CmdletResult result = await RunAsync("Deploy-LabManifest", null, [hidden, odd, endless, Config("good", "1")]);
        Assert.Equal("good", Assert.Single(result.OutputOf<ManifestResult>()).Name);
        Assert.Equal(["ManifestInvalid", "ManifestInvalid", "ManifestInvalid"], result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]));
    }

    [Theory]
    [InlineData("stringData: {password: [hunter2, 'a}b hunter2']}")]
    [InlineData("stringData: {password: {a: hunter2}}")]
    [InlineData("stringData: hunter2")]
    [InlineData("data: [hunter2]")]
    [InlineData("immutable: hunter2")]
    public async Task A_secret_of_the_wrong_type_is_not_shown(string field)
    {
        CmdletResult result = await RunAsync("Deploy-LabManifest", new { Manifest = $"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{field}" });
        string error = Assert.Single(result.Errors).ToString();
        Assert.Contains("." + field.Split(':')[0], error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error + string.Join('\n', result.Verbose), StringComparison.Ordinal);
    }

    // URLs are normalized: a ConfigMap '..' was the namespace itself, and '.' all ConfigMaps in it.
    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("a/b")]
    [InlineData("../secrets/a")]
    [InlineData("%2e%2e")]
    public async Task A_name_that_leads_elsewhere_is_refused_before_anything_is_sent(string name)
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Config("keep", "1") })).Ok();
        string bad = Config($"'{name}'", "1");
        foreach (object parameters in new object[] { new { Manifest = bad }, new { Manifest = Config("x", "1"), Namespace = name } })
        {
            CmdletResult deploy = await RunAsync("Deploy-LabManifest", parameters);
            Assert.StartsWith("NameInvalid", Assert.Single(deploy.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.DoesNotContain(deploy.Verbose, line => line.StartsWith("PATCH", StringComparison.Ordinal));
        }

        CmdletResult remove = await RunAsync("Remove-LabManifest", new { Manifest = bad, Force = true });
        Assert.StartsWith("NameInvalid", Assert.Single(remove.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain(remove.Verbose, line => line.StartsWith("DELETE", StringComparison.Ordinal));
        CmdletResult get = await RunAsync("Get-LabResource", new { Kind = "cm", Name = name });
        Assert.Empty(get.Output);
        Assert.StartsWith("NameInvalid", Assert.Single(get.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("keep", Assert.Single((await RunAsync("Get-LabResource", new { Kind = "cm", Name = "keep" })).Ok().OutputOf<LabResource>()).Name);
    }

    // An object with a finalizer stays until somebody takes the finalizer away.
    private async Task HoldAsync() => (await RunAsync(
        "Deploy-LabManifest",
        new { Manifest = Config("held", "1").Replace("name: held", "name: held\n  finalizers: [example.com/hold]", StringComparison.Ordinal) })).Ok();

    private Task ReleaseAsync() => Api.SendAsync(
        HttpMethod.Patch, $"/api/v1/namespaces/{Namespace}/configmaps/held", """{"metadata":{"finalizers":null}}"""u8.ToArray(),
        "application/merge-patch+json", CancellationToken.None);

    private static string Config(string name, string value) =>
        $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata: {{key: \"{value}\"}}\n";
}
