using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>
/// The Kubernetes API as JSON, whatever the kind: requests, watches and the catalog of kinds, over a client of the KubernetesClient
/// package. Clients of the same cluster and user are shared, with their connections.
/// </summary>
public sealed class KubernetesApi
{
    private const int MaxCachedClients = 16;
    // kubectl trusts its own for six hours.
    private static readonly TimeSpan CatalogAge = TimeSpan.FromMinutes(10);
    private static readonly ConcurrentDictionary<string, KubernetesApi> CachedClients = new(StringComparer.Ordinal);

    private readonly KubeEndpoint endpoint;
    private readonly Func<DelegatingHandler>? last;
    private readonly TimeProvider clock;
    private readonly KubeCache? cache;
    private readonly object gate = new();
    private k8s.Kubernetes? client;
    private KubeClientCertificate? certificate;
    private (Task<ApiCatalog> Catalog, DateTimeOffset Loaded)? catalog;

    /// <summary>Creates a client.</summary>
    /// <param name="endpoint">The cluster and who the caller is.</param>
    /// <param name="last">Makes a handler just above the connections of each client; none if null.</param>
    /// <param name="clock">Times the pauses between attempts; the system's if null.</param>
    /// <param name="cache">Keeps what the cluster serves for the next process; none if null.</param>
    internal KubernetesApi(KubeEndpoint endpoint, Func<DelegatingHandler>? last = null, TimeProvider? clock = null, KubeCache? cache = null)
    {
        this.cache = cache;
        this.endpoint = endpoint;
        this.last = last;
        this.clock = clock ?? TimeProvider.System;
    }

    /// <summary>Base URL of the API server.</summary>
    public Uri Server => endpoint.Server;

    /// <summary>The same for people: without a slash at the end.</summary>
    public string Address => endpoint.Address;

    /// <summary>Who the caller is.</summary>
    internal KubeCredentials Credentials => endpoint.Credentials;

    /// <summary>The client for a connection.</summary>
    /// <param name="connection">Cluster and user.</param>
    /// <returns>The client. Throws <see cref="LabException"/> (NoCluster) with advice where there is no cluster.</returns>
    public static KubernetesApi For(KubeConnection connection)
    {
        KubeEndpoint endpoint = connection.Endpoint();
        if (CachedClients.Count >= MaxCachedClients && !CachedClients.ContainsKey(endpoint.Key))
        {
            // Whoever still uses one keeps it; the rest is garbage.
            CachedClients.Clear();
        }

        return CachedClients.GetOrAdd(endpoint.Key, _ => new KubernetesApi(endpoint, cache: KubeCache.Of(endpoint.Environment)));
    }

    /// <summary>What is kept on disk; null where nothing is.</summary>
    internal KubeCache? Cache => cache;

    private string CatalogName => endpoint.Key + ".kinds.json";

    /// <summary>The kinds that the cluster serves; asked for once in ten minutes, by any process of this user.</summary>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <param name="since">Ask again if the last answer is older than this; null for the usual age.</param>
    /// <returns>The catalog.</returns>
    public async Task<ApiCatalog> CatalogAsync(CancellationToken cancellation, DateTimeOffset? since = null)
    {
        Task<ApiCatalog> loading;
        lock (gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            if (catalog is not { } known || known.Catalog.IsFaulted || known.Catalog.IsCanceled || known.Loaded < (since ?? now - CatalogAge))
            {
                // Not bound to one caller's cancellation: the next one wants the answer too.
                catalog = known = since is null && catalog is null && Kept(now) is { } kept
                    ? (Task.FromResult(kept.Catalog), kept.Loaded)
                    : (LoadAsync(now), now);
            }

            loading = known.Catalog;
        }

        return await loading.WaitAsync(cancellation);
    }

    /// <summary>Creates an object; fields that the server does not know are refused.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="content">The object.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object as the cluster has it. Throws <see cref="LabException"/> with the server's reason.</returns>
    internal async Task<JsonObject> CreateAsync(ApiResource kind, string ns, JsonObject content, CancellationToken cancellation) => (await SendAsync(
        HttpMethod.Post, $"{kind.Path(ns)}?fieldManager=cloudlab&fieldValidation=Strict", Encoding.UTF8.GetBytes(content.ToJsonString()), null, cancellation)).Content;

    /// <summary>Whether an object exists; only its metadata is read.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True if so. Throws <see cref="LabException"/> where the server does not say.</returns>
    internal async Task<bool> ExistsAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await GetAsync(path, cancellation, ObjectMetadata.Only);
            return true;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return false;
        }
    }

    /// <summary>Whether an object may exist: what may not be read may well be there.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>False only where the server says that it does not exist.</returns>
    internal async Task<bool> MayExistAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await ExistsAsync(path, cancellation);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            return true;
        }
    }

    /// <summary>Makes sure that a namespace is there, as far as that may be read: what is missing in one that is not there is told as itself.</summary>
    /// <param name="name">The namespace.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done if so. Throws <see cref="LabException"/> (NotFound).</returns>
    internal async Task RequireNamespaceAsync(string name, CancellationToken cancellation)
    {
        if (!await MayExistAsync($"/api/v1/namespaces/{Uri.EscapeDataString(name)}", cancellation))
        {
            throw new LabException(LabErrorKind.NotFound, "NotFound", KubeStatus.NoNamespace(name)) { Target = name };
        }
    }

    /// <summary>Forgets the catalog: a kind was just added or removed.</summary>
    public void ForgetCatalog()
    {
        lock (gate)
        {
            catalog = null;
            cache?.Remove(CatalogName);
        }
    }

    /// <summary>Reads one object or list.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="accept">Content types to ask for; plain JSON if null.</param>
    /// <returns>The object.</returns>
    internal async Task<JsonObject> GetAsync(string path, CancellationToken cancellation, string? accept = null) =>
        (await SendAsync(HttpMethod.Get, path, null, null, cancellation, accept)).Content;

    /// <summary>Sends a request and reads the answer.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="body">JSON to send, or null.</param>
    /// <param name="contentType">Its content type; plain JSON if null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="accept">Content types to ask for; plain JSON if null.</param>
    /// <returns>HTTP status and the object.</returns>
    internal async Task<(int Code, JsonObject Content)> SendAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte>? body, string? contentType, CancellationToken cancellation, string? accept = null)
    {
        using HttpResponseMessage answer = await OpenAsync(method, path, body, contentType, accept, whole: true, cancellation);
        return await ReadAsync(answer, cancellation);
    }

    /// <summary>The same without another attempt where the server refuses for now (429): for who waits in a way of its own.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="body">JSON to send.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>HTTP status and the object.</returns>
    internal async Task<(int Code, JsonObject Content)> SendOnceAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await OpenAsync(method, path, body, null, null, whole: true, cancellation, once: true);
        return await ReadAsync(answer, cancellation);
    }

    /// <summary>Reads a plain text: the log of a container.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The text.</returns>
    internal async Task<string> GetTextAsync(string path, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await OpenAsync(HttpMethod.Get, path, null, null, "*/*", whole: true, cancellation);
        return await answer.Content.ReadAsStringAsync(cancellation);
    }

    /// <summary>Reads a watch: one JSON object after the other until the server ends it or the connection breaks.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <returns>The events as they come.</returns>
    internal async IAsyncEnumerable<JsonObject> WatchAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // Not the package's Watcher: its calls without a type reach /apis only, it pushes events at a callback instead of being asked
        // for the next one, tells a line that was cut off like any other mistake, and parses each event twice (5.7 µs where this takes 3.4).
        using HttpResponseMessage answer = await OpenAsync(HttpMethod.Get, path, null, null, null, whole: false, cancellation);
        await using Stream stream = await answer.Content.ReadAsStreamAsync(cancellation);
        using StreamReader lines = new(stream, Encoding.UTF8);
        while (await NextAsync() is { } line)
        {
            if (line.Length > 0)
            {
                JsonObject? happened;
                try
                {
                    happened = JsonNode.Parse(line, documentOptions: JsonAccess.Deep) as JsonObject;
                }
                catch (JsonException)
                {
                    // The connection broke in the middle of a line.
                    yield break;
                }

                if (happened is not null)
                {
                    yield return happened;
                }
            }
        }

        async Task<string?> NextAsync()
        {
            try
            {
                return await lines.ReadLineAsync(cancellation);
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                RequestLog.Current.Verbose($"The watch was interrupted ({e.Message}); resuming it");
                return null;
            }
        }
    }

    private async Task<(int Code, JsonObject Content)> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            JsonNode? content = await JsonNode.ParseAsync(
                await answer.Content.ReadAsStreamAsync(cancellation), documentOptions: JsonAccess.Deep, cancellationToken: cancellation);
            return ((int)answer.StatusCode, content as JsonObject ?? []);
        }
        catch (JsonException e)
        {
            throw KubeStatus.Unreachable(endpoint, new IOException("the response ended early", e));
        }
    }

    private (ApiCatalog Catalog, DateTimeOffset Loaded)? Kept(DateTimeOffset now) =>
        cache?.Read(CatalogName) is { } text && ApiCatalog.FromText(text) is { } kept && kept.Loaded <= now && kept.Loaded >= now - CatalogAge ? kept : null;

    private async Task<ApiCatalog> LoadAsync(DateTimeOffset now)
    {
        ApiCatalog loaded = await ApiCatalog.LoadAsync(this, CancellationToken.None);
        cache?.Write(CatalogName, loaded.ToText(now));
        return loaded;
    }

    /// <summary>Reads an answer that is no JSON and may not end by itself, such as a log.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The answer, whose content is read as it comes.</returns>
    internal Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellation) =>
        OpenAsync(HttpMethod.Get, path, null, null, "*/*", whole: false, cancellation);

    /// <summary>Opens a WebSocket; it is asked for once only, since what it starts must not be started twice.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="protocols">Subprotocols, the best one first.</param>
    /// <param name="keepAlive">Sends a sign of life now and then. Not for output that has to be whole: with it, servers (1.36) lose the end of what a slow reader has not taken yet.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The connection. Throws <see cref="LabException"/> with the server's reason where it refuses.</returns>
    internal Task<KubeSocket> ConnectAsync(string path, IEnumerable<string> protocols, bool keepAlive, CancellationToken cancellation) => WithClientAsync(async through =>
    {
        ClientWebSocket socket = new();
        try
        {
            foreach (string protocol in protocols)
            {
                socket.Options.AddSubProtocol(protocol);
            }

            if (!keepAlive)
            {
                socket.Options.KeepAliveInterval = TimeSpan.Zero;
            }

            // To an API server, JSON is not what a stream can be.
            socket.Options.SetRequestHeader("Accept", "*/*");
            if ((await endpoint.Credentials.CurrentAsync(null, cancellation)).Header is { } header)
            {
                socket.Options.SetRequestHeader("Authorization", header.ToString());
            }

            // The same handlers as for any other request: proxy, TLS, impersonation, errors, a token that is refused.
            await socket.ConnectAsync(new UriBuilder(Address + path) { Scheme = Server.Scheme == Uri.UriSchemeHttp ? Uri.UriSchemeWs : Uri.UriSchemeWss }.Uri, through.HttpClient, cancellation);
            return new KubeSocket(socket);
        }
        catch (Exception e)
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw e is not WebSocketException ? e : e.InnerException as LabException ?? KubeStatus.Unreachable(endpoint, e);
        }
    }, cancellation);

    // Not the package's calls for custom objects: they reach /apis only (no ConfigMap, no Namespace), and a patch passes through a string.
    private Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte>? body, string? contentType, string? accept, bool whole, CancellationToken cancellation, bool once = false) => WithClientAsync(async through =>
    {
        using HttpRequestMessage request = new(method, Address + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Options.Set(KubeRetryHandler.Whole, whole);
        request.Options.Set(KubeRetryHandler.Once, once);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        if (body is { } content)
        {
            request.Content = new ReadOnlyMemoryContent(content);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType ?? "application/json");
        }

        await through.Credentials.ProcessHttpRequestAsync(request, cancellation);
        return await through.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }, cancellation);

    private async Task<T> WithClientAsync<T>(Func<k8s.Kubernetes, Task<T>> ask, CancellationToken cancellation)
    {
        k8s.Kubernetes used = await ClientAsync(cancellation);
        try
        {
            return await ask(used);
        }
        catch (LabException e) when (e.StatusCode == 401 && endpoint.Credentials.CanRefresh)
        {
            // The refused credentials were renewed, and a new client certificate came with them.
            k8s.Kubernetes renewed = await ClientAsync(cancellation);
            if (renewed == used)
            {
                throw;
            }

            return await ask(renewed);
        }
    }

    // One for each client certificate: connections keep the one that they were made with.
    private async ValueTask<k8s.Kubernetes> ClientAsync(CancellationToken cancellation)
    {
        KubeClientCertificate? own = (await endpoint.Credentials.CurrentAsync(null, cancellation)).Certificate;
        lock (gate)
        {
            if (client is null || certificate != own)
            {
                (client, certificate) = (KubeClientFactory.Create(endpoint, own, clock, last?.Invoke()), own);
            }

            return client;
        }
    }
}
