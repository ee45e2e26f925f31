using System.Collections;
using System.Diagnostics;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Manifests;

[Trait("Area", "Kubernetes")]
public sealed class ManifestReaderTests
{
    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    [Fact]
    public async Task A_folder_is_read_in_the_order_of_its_names_and_each_item_knows_where_it_stands()
    {
        File.WriteAllText(Path.Combine(folder, "b.yaml"), "# x\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n---\n\napiVersion: v1\nkind: Pod\nmetadata: {name: c}\n");
        File.WriteAllText(Path.Combine(folder, "a.json"), """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}""");
        File.WriteAllText(Path.Combine(folder, "notes.txt"), "no manifest");
        Directory.CreateDirectory(Path.Combine(folder, "deeper"));
        File.WriteAllText(Path.Combine(folder, "deeper", "d.yml"), "{apiVersion: v1, kind: Pod, metadata: {name: d}}");
        Assert.Equal(
            [("a.json", 1, 1, "a"), ("b.yaml", 1, 3, "b"), ("b.yaml", 2, 8, "c")],
            (await ReadAsync(folder)).Select(i => (Path.GetFileName(i.Source), i.Document, i.Line, i.Name)));
        Assert.Equal(["a", "b", "c", "d"], (await ReadAsync(folder, recurse: true)).Select(i => i.Name));
    }

    [Fact]
    public async Task Links_to_folders_are_not_followed_and_links_to_files_are()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "To make a link takes a right there.");
        string top = Directory.CreateDirectory(Path.Combine(folder, "links")).FullName, below = Directory.CreateDirectory(Path.Combine(top, "below")).FullName;
        File.WriteAllText(Path.Combine(below, "a.yaml"), "{apiVersion: v1, kind: Pod, metadata: {name: a}}");
        File.CreateSymbolicLink(Path.Combine(top, "b.yaml"), Path.Combine(below, "a.yaml"));
        Directory.CreateSymbolicLink(Path.Combine(below, "round"), top);
        Directory.CreateSymbolicLink(Path.Combine(below, "round2"), top);
        string link = Path.Combine(folder, "named");
        Directory.CreateSymbolicLink(link, top);
        Assert.Equal(["b.yaml", "a.yaml"], (await ReadAsync(top, recurse: true)).Select(i => Path.GetFileName(i.Source)));

        // The folder that is named may be a link itself.
        Assert.Equal(["b.yaml", "a.yaml"], (await ReadAsync(link, recurse: true)).Select(i => Path.GetFileName(i.Source)));
    }

    [Fact]
    public async Task A_pipe_is_read_to_its_end_and_one_without_a_writer_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mkfifo is of Linux.");
        LabException problem = Assert.Single(await ReadAsync(await PipeAsync("a.yaml"))).Problem!;
        Assert.Equal("ManifestUnreadable", problem.Code);
        Assert.Contains("a pipe without a writer", problem.Message, StringComparison.Ordinal);

        string path = await PipeAsync("b.yaml");
        Task<ManifestItem[]> reading = ReadAsync(path);
        await File.WriteAllTextAsync(path, "{apiVersion: v1, kind: Pod, metadata: {name: a}}", TestContext.Current.CancellationToken);
        Assert.Equal("a", Assert.Single(await reading).Name);

        // Whoever stops need not wait for a writer.
        path = await PipeAsync("c.yaml");
        using CancellationTokenSource stop = new(100);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ManifestReader.ReadPathAsync(path, cancellation: stop.Token).ToListAsync(CancellationToken.None));

        // Nor for one that says nothing.
        path = await PipeAsync("d.yaml");
        using Process silent = Process.Start("sh", ["-c", "exec sleep 60 > \"$0\"", path]);
        using CancellationTokenSource enough = new(500);
        Task<List<ManifestItem>> stuck = ManifestReader.ReadPathAsync(path, cancellation: enough.Token).ToListAsync(CancellationToken.None).AsTask();
        Assert.Same(stuck, await Task.WhenAny(stuck, Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)));
        Assert.True(stuck.IsCanceled);
        silent.Kill();

        async Task<string> PipeAsync(string name)
        {
            string pipe = Path.Combine(folder, name);
            using Process make = Process.Start("mkfifo", [pipe]);
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
            return pipe;
        }
    }

    [Fact]
    public async Task A_file_of_a_folder_that_cannot_be_read_costs_the_others_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "To make a link takes a right there.");
        File.WriteAllText(Path.Combine(folder, "a.yaml"), "{apiVersion: v1, kind: Pod, metadata: {name: a}}");
        File.CreateSymbolicLink(Path.Combine(folder, "b.yaml"), Path.Combine(folder, "nowhere"));
        File.CreateSymbolicLink(Path.Combine(folder, "c.yaml"), "c.yaml");
        File.WriteAllText(Path.Combine(folder, "d.yaml"), "{apiVersion: v1, kind: Pod, metadata: {name: d}}");
        Assert.Equal(["a", "ManifestUnreadable", "ManifestUnreadable", "d"], (await ReadAsync(folder)).Select(i => i.Problem?.Code ?? i.Name));
    }

    [Fact]
    public async Task Bytes_of_an_old_code_page_are_refused_with_their_line()
    {
        string path = Path.Combine(folder, "latin.yaml");
        File.WriteAllBytes(path, System.Text.Encoding.Latin1.GetBytes("apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {x: \u00e4}}\n"));
        LabException problem = Assert.Single(await ReadAsync(path)).Problem!;
        Assert.Contains("latin.yaml' cannot be read: line 3 has bytes that are not UTF-8", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_in_text_is_no_part_of_it() =>
        Assert.Equal(["a", "b"], ManifestReader.ReadText("\uFEFFapiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n\uFEFFapiVersion: v1\nkind: Pod\nmetadata: {name: b}\n").Select(i => i.Name));

    [Fact]
    public void Lists_are_taken_apart()
    {
        ManifestItem[] items = [.. ManifestReader.ReadText("""
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
            - apiVersion: v1
              kind: SecretList
              items: [{apiVersion: v1, kind: Secret, metadata: {name: b}}]
            """)];
        Assert.Equal(["ConfigMap a", "Secret b"], items.Select(i => $"{i.Kind} {i.Name}"));
    }

    [Fact]
    public void Items_of_a_list_of_a_kind_need_not_say_what_they_are()
    {
        ManifestItem[] items = [.. ManifestReader.ReadText("apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n")];
        Assert.Equal([("v1", "ConfigMap", "a"), ("v1", "Secret", "b")], items.Select(item => (item.Content.Text("apiVersion"), item.Content.Text("kind"), item.Name)));
        Assert.Contains("'apiVersion'", Assert.Single(ManifestReader.ReadText("apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n")).Problem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: Pod\nmetadata: {name: x}\n", "'apiVersion'")]
    [InlineData("apiVersion: v1\nmetadata: {name: x}\n", "'kind'")]
    [InlineData("apiVersion: v1\nkind: Pod\n", "'metadata.name'")]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: {name: 5}\n", "quotes")]
    [InlineData("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n", "which kubectl then builds")]
    [InlineData("- a\n- b\n", "mapping")]
    [InlineData("just a text\n", "mapping")]
    public void What_is_no_object_says_what_is_missing_and_where(string text, string says)
    {
        LabException problem = Assert.Single(ManifestReader.ReadText(text, "x.yaml")).Problem!;
        Assert.Equal(("ManifestInvalid", false), (problem.Code, problem.StopsCommand));
        Assert.StartsWith("x.yaml line 1:", problem.Message, StringComparison.Ordinal);
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_syntax_error_names_file_line_and_column()
    {
        string path = Path.Combine(folder, "bad.yaml");
        File.WriteAllText(path, "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n");
        LabException problem = Assert.Single(await ReadAsync(path)).Problem!;
        Assert.Equal("ManifestSyntax", problem.Code);
        Assert.StartsWith($"{path}: line 4, column 1: a tab", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hashtables_become_objects()
    {
        ManifestItem item = Assert.Single(ManifestReader.ReadObject(
            new Hashtable
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["metadata"] = new Hashtable { ["name"] = "x" },
                ["spec"] = new Hashtable { ["ports"] = new object[] { 1, 2.5, true, "s" } },
            },
            1));
        Assert.Equal("""[1,2.5,true,"s"]""", item.Content["spec"]!["ports"]!.ToJsonString());
    }

    [Theory]
    [InlineData("Namespace", "v1", 0)]
    [InlineData("CustomResourceDefinition", "apiextensions.k8s.io/v1", 1)]
    [InlineData("ConfigMap", "v1", 2)]
    [InlineData("RoleBinding", "rbac.authorization.k8s.io/v1", 3)]
    [InlineData("Service", "v1", 4)]
    [InlineData("Deployment", "apps/v1", 5)]
    [InlineData("HorizontalPodAutoscaler", "autoscaling/v2", 6)]
    [InlineData("Certificate", "cert-manager.io/v1", 7)]
    [InlineData("Service", "serving.knative.dev/v1", 7)]
    [InlineData("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", 8)]
    public void Kinds_go_in_waves(string kind, string apiVersion, int wave) => Assert.Equal(
        wave, ManifestOrder.WaveOf(Assert.Single(ManifestReader.ReadText($"{{apiVersion: {apiVersion}, kind: {kind}, metadata: {{name: x}}}}"))));

    private static async Task<ManifestItem[]> ReadAsync(string path, bool recurse = false) =>
        await ManifestReader.ReadPathAsync(path, recurse, cancellation: TestContext.Current.CancellationToken).ToArrayAsync();
}
