using System.Net;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Client;

[Trait("Area", "Kubernetes")]
public sealed class KubeCacheTests
{
    private const string CoreKinds = """
        {"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1","resources":[
          {"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced","singularResource":"pod","shortNames":["po"],"categories":["all"],"verbs":["list"]}]}]}]}
        """;

    private const string Stale = """
        {"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]}
        """;

    private const string None = """{"kind":"APIGroupDiscoveryList","items":[]}""";

    private readonly ScriptedCluster cluster = new();
    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Kept => Assert.Single(Directory.GetFiles(Path.Combine(folder, ".kube", "cache", "cloudlab")));

    [Fact]
    public async Task What_one_process_learnt_the_next_one_knows()
    {
        cluster.Answer(CoreKinds).Answer(None);
        await Api().CatalogAsync(Token);
        ApiCatalog kept = await Api().CatalogAsync(Token);
        Assert.Equal(2, cluster.Requests.Count);
        Assert.Equal(("pods", "po", "list", true), (kept.Resources[0].Plural, kept.Resources[0].ShortNames[0], kept.Resources[0].Verbs[0], kept.Resources[0].Namespaced));
        Assert.Single(kept.Match("all"));

        // Another user, or another cluster, is told nothing.
        cluster.Answer(CoreKinds).Answer(None);
        await Api(key: "other").CatalogAsync(Token);
        Assert.Equal(4, cluster.Requests.Count);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("{\"Format\":0,\"Loaded\":\"2026-01-01T00:00:00Z\",\"Resources\":[]}")]
    [InlineData("[]")]
    public async Task A_cache_that_is_damaged_is_none(string content)
    {
        cluster.Answer(CoreKinds).Answer(None);
        await Api().CatalogAsync(Token);
        await File.WriteAllTextAsync(Kept, content, Token);
        cluster.Answer(CoreKinds).Answer(None);
        Assert.NotEmpty((await Api().CatalogAsync(Token)).Match("po"));
        Assert.Equal(4, cluster.Requests.Count);
    }

    [Theory]
    [InlineData(-60)]
    [InlineData(60)]
    public async Task What_is_old_or_comes_from_the_future_is_asked_again(int minutes)
    {
        cluster.Answer(CoreKinds).Answer(None);
        ApiCatalog loaded = await Api().CatalogAsync(Token);
        await File.WriteAllTextAsync(Kept, loaded.ToText(DateTimeOffset.UtcNow.AddMinutes(minutes)), Token);
        cluster.Answer(CoreKinds).Answer(None);
        await Api().CatalogAsync(Token);
        Assert.Equal(4, cluster.Requests.Count);
    }

    [Fact]
    public async Task A_kind_that_was_just_added_is_asked_for_and_what_was_forgotten_too()
    {
        cluster.Answer(CoreKinds).Answer(None).Answer(CoreKinds).Answer(None).Answer(CoreKinds).Answer(None);
        await Api().CatalogAsync(Token);
        KubernetesApi api = Api();
        await api.CatalogAsync(Token, DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Equal(4, cluster.Requests.Count);
        api.ForgetCatalog();
        await Api().CatalogAsync(Token);
        Assert.Equal(6, cluster.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_is_down_costs_one_warning()
    {
        Listener listener = new();
        RequestLog.Current = listener;
        cluster.Answer(CoreKinds).Answer(Stale);
        await Api().CatalogAsync(Token);
        ApiCatalog kept = await Api().CatalogAsync(Token);
        Assert.Contains("metrics.k8s.io/v1beta1 does not answer", Assert.Single(listener.Warnings), StringComparison.Ordinal);
        Assert.Equal(2, cluster.Requests.Count);
        Assert.Contains("metrics.k8s.io/v1beta1", kept.Unknown("podmetrics").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_and_a_cache_that_is_off_do_no_harm()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, ".kube"), "a file", Token);
        cluster.Answer(CoreKinds).Answer(None).Answer(CoreKinds).Answer(None);
        await Api().CatalogAsync(Token);
        Assert.Null(KubeCache.Of(new LabEnvironment(name => name == "CLOUDLAB_KUBE_CACHE" ? "OFF" : null, folder)));
        Assert.NotEmpty((await cluster.Api(key: "k").CatalogAsync(Token)).Resources);
    }

    [Fact]
    public async Task A_list_that_fails_half_way_is_an_error_and_not_a_short_list()
    {
        cluster.Answer("""{"kind":"PodList","metadata":{"continue":"x"},"items":[{"metadata":{"name":"a","uid":"1"}}]}""")
            .Answer(HttpStatusCode.Forbidden, ScriptedCluster.Status(403, "Forbidden", "no more"));
        List<string> names = [];
        LabException e = await Assert.ThrowsAsync<LabException>(async () =>
        {
            ApiResource pods = new() { Group = "", Version = "v1", Kind = "Pod", Plural = "pods", Singular = "pod", Namespaced = true };
            await foreach (LabResource pod in new ResourceStore(cluster.Api()).ListAsync(pods, null, ResourceFilter.None, Token))
            {
                names.Add(pod.Name);
            }
        });
        Assert.Equal(("Forbidden", "a"), (e.Code, Assert.Single(names)));
    }

    private KubernetesApi Api(string key = "key") => cluster.Api(cache: KubeCache.Of(new LabEnvironment(_ => null, folder)), key: key);

    private sealed class Listener : IReporter
    {
        public List<string> Warnings { get; } = [];

        public void Warning(string message) => Warnings.Add(message);

        public void Progress(ProgressUpdate update)
        {
        }

        void IReporter.Verbose(string message)
        {
        }
    }
}
