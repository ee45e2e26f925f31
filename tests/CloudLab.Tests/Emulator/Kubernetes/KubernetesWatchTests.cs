using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Emulator.Kubernetes;

[Trait("Area", "Emulator")]
public sealed class KubernetesWatchTests : IAsyncDisposable
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    private readonly KubernetesCluster cluster = new();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Changes_come_in_order_from_the_version_asked_for()
    {
        string version = await VersionAsync();
        List<JsonObject> events = await cluster.WatchAsync($"{Maps}?watch=1&resourceVersion={version}&timeoutSeconds=20", 3, async () =>
        {
            await cluster.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("a", ("x", "1")));
            await cluster.OkAsync("PATCH", Maps + "/a", KubernetesCluster.Node("""{"data":{"x":"2"}}"""), KubernetesCluster.Merge);
            await cluster.OkAsync("DELETE", Maps + "/a");
        });
        Assert.Equal(["ADDED", "MODIFIED", "DELETED"], events.Select(e => (string)e["type"]!));
        Assert.Equal("2", (string?)events[2]["object"]!["data"]!["x"]);
        long[] versions = [.. events.Select(e => long.Parse((string)e["object"]!["metadata"]!["resourceVersion"]!))];
        Assert.Equal(versions.Order().Distinct(), versions);

        // The same again, from the past.
        List<JsonObject> again = await cluster.WatchAsync($"{Maps}?watch=1&resourceVersion={version}&timeoutSeconds=20", 3);
        Assert.Equal(events.Select(e => e.ToJsonString()), again.Select(e => e.ToJsonString()));
    }

    [Fact]
    public async Task What_leaves_a_selector_is_deleted_for_its_watcher()
    {
        string version = await VersionAsync();
        List<JsonObject> events = await cluster.WatchAsync($"{Maps}?watch=1&resourceVersion={version}&labelSelector=on%3Dyes&timeoutSeconds=20", 4, async () =>
        {
            await cluster.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("a"));
            foreach (string on in (string[])["yes", "no", "yes"])
            {
                await cluster.OkAsync("PATCH", Maps + "/a", KubernetesCluster.Node($$$"""{"metadata":{"labels":{"on":"{{{on}}}"} } }"""), KubernetesCluster.Merge);
            }

            await cluster.OkAsync("DELETE", Maps + "/a");
        });
        Assert.Equal(["ADDED", "DELETED", "ADDED", "DELETED"], events.Select(e => (string)e["type"]!));
        Assert.Equal("yes", (string?)events[1]["object"]!["metadata"]!["labels"]!["on"]);
    }

    [Fact]
    public async Task A_forgotten_version_is_gone()
    {
        await using KubernetesCluster small = new(new KubernetesOptions { HistoryLength = 4 });
        await small.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("a"));
        for (int i = 0; i < 20; i++)
        {
            await small.OkAsync("PATCH", Maps + "/a", KubernetesCluster.Node($$$"""{"data":{"x":"{{{i}}}"}}"""), KubernetesCluster.Merge);
        }

        JsonObject e = Assert.Single(await small.WatchAsync(Maps + "?watch=1&resourceVersion=1&timeoutSeconds=20", 9));
        Assert.Equal("ERROR", (string?)e["type"]);
        Assert.Equal(410, (int?)e["object"]!["code"]);
        Assert.Equal("Expired", (string?)e["object"]!["reason"]);
    }

    [Fact]
    public async Task Initial_events_end_with_a_bookmark()
    {
        await cluster.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("a"));
        List<JsonObject> events = await cluster.WatchAsync(
            Maps + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Da&timeoutSeconds=20", 2);
        Assert.Equal(["ADDED", "BOOKMARK"], events.Select(e => (string)e["type"]!));
        Assert.Equal("true", (string?)events[1]["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]);
    }

    [Fact]
    public async Task A_watch_ends_when_its_time_is_up()
    {
        string version = await VersionAsync();
        Assert.Empty(await cluster.WatchAsync($"{Maps}?watch=1&resourceVersion={version}&timeoutSeconds=1&fieldSelector=metadata.name%3Dnone", 1));
    }

    [Fact]
    public async Task Many_watchers_see_every_change_of_many_writers()
    {
        string version = await VersionAsync();
        const int Writers = 4, Each = 25;
        Task<List<JsonObject>>[] watchers = [.. Enumerable.Range(0, 4).Select(_ =>
            cluster.WatchAsync($"{Maps}?watch=1&resourceVersion={version}&labelSelector=w&timeoutSeconds=60", Writers * Each))];
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            for (int i = 0; i < Each; i++)
            {
                JsonObject map = KubernetesCluster.ConfigMap($"w{writer}-{i}");
                map["metadata"]!["labels"] = new JsonObject { ["w"] = "x" };
                await cluster.OkAsync("POST", Maps, map);
            }
        }));
        foreach (List<JsonObject> events in await Task.WhenAll(watchers))
        {
            Assert.Equal(Writers * Each, events.Select(e => (string)e["object"]!["metadata"]!["name"]!).Distinct().Count());
        }
    }

    // From when the namespace's own map is there, which a controller makes: it is no part of what is watched.
    private async Task<string> VersionAsync()
    {
        await cluster.UntilAsync(Maps, list => list["items"]!.AsArray().Count > 0);
        return (string)(await cluster.OkAsync("GET", Maps))["metadata"]!["resourceVersion"]!;
    }
}
