using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Emulator.Kubernetes;

/// <summary>One emulated Kubernetes API, spoken to with plain HTTP.</summary>
internal sealed class KubernetesCluster : IAsyncDisposable
{
    public const string Apply = "application/apply-patch+yaml", Merge = "application/merge-patch+json", JsonPatch = "application/json-patch+json",
        Strategic = "application/strategic-merge-patch+json";

    private readonly KubernetesService service;
    private readonly HttpServer server;
    private readonly HttpClient client;

    public KubernetesCluster(KubernetesOptions? options = null)
    {
        service = new KubernetesService(options ?? new KubernetesOptions { PodStartDelay = TimeSpan.FromMilliseconds(20), JobDuration = TimeSpan.FromMilliseconds(20) });
        server = HttpServer.Start(0, service.HandleAsync);
        client = new HttpClient { BaseAddress = server.Url };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("tests/1");
    }

    public Uri Url => server.Url;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static JsonObject Deployment(string name, string image = "web:1", int replicas = 1) => Node($$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{name}}}"},"spec":{"replicas":{{{replicas}}},"selector":{"matchLabels":{"app":"{{{name}}}"}},
        "template":{"metadata":{"labels":{"app":"{{{name}}}"}},"spec":{"containers":[{"name":"web","image":"{{{image}}}"} ] } } } }
        """);

    public static JsonObject ConfigMap(string name, params (string Key, string Value)[] data)
    {
        JsonObject node = Node($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{}}""");
        foreach ((string key, string value) in data)
        {
            node["data"]![key] = value;
        }

        return node;
    }

    public static JsonObject Node(string json) => JsonNode.Parse(json)!.AsObject();

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await service.DisposeAsync();
        await server.DisposeAsync();
    }

    public async Task<(HttpStatusCode Status, JsonObject Body, HttpResponseHeaders Headers)> SendAsync(
        string method, string path, JsonNode? body = null, string contentType = "application/json", string? accept = null)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, contentType);
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using HttpResponseMessage response = await client.SendAsync(request, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        return (response.StatusCode, text.StartsWith('{') ? Node(text) : new JsonObject { ["text"] = text }, response.Headers);
    }

    /// <summary>A request that must succeed.</summary>
    public async Task<JsonObject> OkAsync(string method, string path, JsonNode? body = null, string contentType = "application/json", string? accept = null)
    {
        (HttpStatusCode status, JsonObject answer, _) = await SendAsync(method, path, body, contentType, accept);
        Assert.True((int)status is >= 200 and < 300, $"{method} {path}: {(int)status} {answer}");
        return answer;
    }

    /// <summary>A request that must be refused.</summary>
    public async Task<JsonObject> RefusedAsync(int code, string method, string path, JsonNode? body = null, string contentType = "application/json")
    {
        (HttpStatusCode status, JsonObject answer, _) = await SendAsync(method, path, body, contentType);
        Assert.True((int)status == code, $"{method} {path}: {(int)status} {answer}");
        Assert.Equal("Failure", (string?)answer["status"]);
        Assert.Equal(code, (int?)answer["code"]);
        return answer;
    }

    public Task<JsonObject> ApplyAsync(string path, JsonNode body, string manager, bool force = false) =>
        OkAsync("PATCH", $"{path}?fieldManager={manager}{(force ? "&force=true" : "")}", body, Apply);

    /// <summary>Reads an object until it is as it should be.</summary>
    public async Task<JsonObject> UntilAsync(string path, Func<JsonObject, bool> condition)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            JsonObject answer = (await SendAsync("GET", path)).Body;
            if (condition(answer))
            {
                return answer;
            }

            Assert.False(limit.IsCancellationRequested, $"{path} did not get there: {answer}");
            await Task.Delay(10, Cancel);
        }
    }

    /// <summary>Watches until a number of events has come or the stream ends.</summary>
    public async Task<List<JsonObject>> WatchAsync(string path, int count, Func<Task>? once = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(Cancel));
        if (once is not null)
        {
            await once();
        }

        List<JsonObject> events = [];
        while (events.Count < count && await reader.ReadLineAsync(Cancel) is { } line)
        {
            events.Add(Node(line));
        }

        return events;
    }
}
