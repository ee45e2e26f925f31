using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Errors;
using CloudLab.Core.Reporting;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Kubernetes;

/// <summary>
/// The Kubernetes API over HTTP: authentication, retries, errors, watches and the catalog of kinds. Objects are JSON as
/// they come, so every kind works. Clients of the same cluster and user are shared, with their connections.
/// </summary>
public sealed class KubernetesApi
{
    private const int MostAttempts = 6;
    private const int MostClients = 16;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CatalogAge = TimeSpan.FromMinutes(5);
    private static readonly ConditionalWeakTable<IReporter, HashSet<string>> Warned = [];
    private static readonly ConcurrentDictionary<string, KubernetesApi> Clients = new(StringComparer.Ordinal);

    private readonly KubeEndpoint endpoint;
    private readonly Func<KubeClientCertificate?, HttpMessageHandler> createHandler;
    private readonly TimeProvider clock;
    private readonly object gate = new();
    private (KubeClientCertificate? Certificate, HttpClient Client)? http;
    private (Task<ApiCatalog> Catalog, DateTimeOffset Loaded)? catalog;

    /// <summary>Creates a client.</summary>
    /// <param name="endpoint">The cluster and who the caller is.</param>
    /// <param name="createHandler">Makes the connections; the endpoint's own if null.</param>
    /// <param name="clock">Times the pauses between attempts; the system's if null.</param>
    internal KubernetesApi(
        KubeEndpoint endpoint, Func<KubeClientCertificate?, HttpMessageHandler>? createHandler = null, TimeProvider? clock = null)
    {
        this.endpoint = endpoint;
        this.createHandler = createHandler ?? endpoint.CreateHandler;
        this.clock = clock ?? TimeProvider.System;
    }

    /// <summary>Base URL of the API server.</summary>
    public Uri Server => endpoint.Server;

    /// <summary>The same for people: without a slash at the end.</summary>
    public string Address => Server.AbsoluteUri.TrimEnd('/');

    /// <summary>The client for a connection.</summary>
    /// <param name="connection">Cluster and user.</param>
    /// <returns>The client. Throws <see cref="LabException"/> (NoCluster) with advice where there is no cluster.</returns>
    public static KubernetesApi For(KubeConnection connection)
    {
        KubeEndpoint endpoint = connection.Endpoint();
        if (Clients.Count >= MostClients && !Clients.ContainsKey(endpoint.Key))
        {
            // Whoever still uses one keeps it; the rest is garbage.
            Clients.Clear();
        }

        return Clients.GetOrAdd(endpoint.Key, _ => new KubernetesApi(endpoint));
    }

    /// <summary>The kinds that the cluster serves; asked for once in five minutes.</summary>
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
                catalog = known = (ApiCatalog.LoadAsync(this, CancellationToken.None), now);
            }

            loading = known.Catalog;
        }

        return await loading.WaitAsync(cancellation);
    }

    /// <summary>Forgets the catalog: a kind was just added or removed.</summary>
    public void ForgetCatalog()
    {
        lock (gate)
        {
            catalog = null;
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
        // POST creates under a name of the server's choosing; all else can be sent again.
        bool repeatable = method != HttpMethod.Post;
        KubeIdentity? refused = null;
        for (int attempt = 1; ; attempt++)
        {
            LabException? failure = null;
            TimeSpan? retryAfter = null;
            try
            {
                KubeIdentity identity = await endpoint.Credentials.CurrentAsync(refused, cancellation);
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                limit.CancelAfter(AnswerTime);
                try
                {
                    using HttpRequestMessage request = Request(method, path, identity, accept);
                    if (body is { } content)
                    {
                        request.Content = new ReadOnlyMemoryContent(content);
                        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType ?? "application/json");
                    }

                    using HttpResponseMessage answer = await Client(identity).SendAsync(
                        request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                    int code = (int)answer.StatusCode;
                    if (answer.IsSuccessStatusCode)
                    {
                        PassWarningsOn(answer);
                        await using Stream stream = await answer.Content.ReadAsStreamAsync(limit.Token);
                        return (code, await ParseAsync(stream, limit.Token));
                    }

                    if (code == 401 && refused is null && endpoint.Credentials.CanRefresh)
                    {
                        refused = identity;
                        continue;
                    }

                    failure = KubeStatus.ToException(code, await answer.Content.ReadAsStringAsync(limit.Token), Server);
                    retryAfter = RetryAfter(answer);
                    bool again = code == 429 || (repeatable && (code is 502 or 503 || (code >= 500 && retryAfter is not null)));
                    if (!again || attempt == MostAttempts)
                    {
                        throw failure;
                    }
                }
                catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
                {
                    throw new LabException(
                        LabErrorKind.Timeout, "NoAnswer",
                        $"The API server {Address} gave no answer within {AnswerTime.TotalSeconds:0} s to {method} {path.Split('?')[0]}: try again, or look after the server.", e);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException)
            {
                failure = Unreachable(e);
                if (!repeatable || attempt == MostAttempts || !MayPass(e))
                {
                    throw failure;
                }
            }

            TimeSpan pause = retryAfter ?? TimeSpan.FromMilliseconds((100 << (attempt - 1)) * (0.75 + (Random.Shared.NextDouble() / 2)));
            RequestLog.Current.Verbose($"Attempt {attempt} of {method} {path.Split('?')[0]} failed ({failure!.Message}); again in {pause.TotalSeconds:0.#} s");
            await Task.Delay(pause, clock, cancellation);
        }
    }

    /// <summary>Reads a watch: one JSON object after the other until the server ends it or the connection breaks.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <returns>The events as they come.</returns>
    internal async IAsyncEnumerable<JsonObject> WatchAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await OpenAsync(path, cancellation);
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
                RequestLog.Current.Verbose($"The watch broke ({e.Message}); it is taken up again");
                return null;
            }
        }
    }

    // What the server wants people to know (a deprecated version, a misspelled field), once a command.
    private static void PassWarningsOn(HttpResponseMessage answer)
    {
        foreach (WarningHeaderValue warning in answer.Headers.Warning.Where(warning => warning.Code == 299))
        {
            IReporter reporter = RequestLog.Current;
            HashSet<string> said = Warned.GetOrCreateValue(reporter);
            string text = warning.Text.Trim('"').Replace("\\\"", "\"", StringComparison.Ordinal);
            bool news;
            lock (said)
            {
                news = said.Add(text);
            }

            if (news)
            {
                reporter.Warning(text);
            }
        }
    }

    private static async Task<JsonObject> ParseAsync(Stream stream, CancellationToken cancellation)
    {
        try
        {
            return await JsonNode.ParseAsync(stream, documentOptions: JsonAccess.Deep, cancellationToken: cancellation) as JsonObject ?? [];
        }
        catch (JsonException e)
        {
            // A body that ends early is a broken connection.
            throw new IOException("the answer ended in the middle", e);
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter?.Delta is { } delta ? delta < TimeSpan.FromSeconds(30) ? delta : TimeSpan.FromSeconds(30) : null;

    // A refused connection, an unknown name or a wrong certificate stay so; a connection that broke may not.
    private static bool MayPass(Exception e) => e is not HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    private async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellation)
    {
        KubeIdentity? refused = null;
        while (true)
        {
            KubeIdentity identity = await endpoint.Credentials.CurrentAsync(refused, cancellation);
            HttpResponseMessage answer;
            try
            {
                using HttpRequestMessage request = Request(HttpMethod.Get, path, identity, null);
                answer = await Client(identity).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException)
            {
                throw Unreachable(e);
            }

            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            using (answer)
            {
                if (answer.StatusCode == HttpStatusCode.Unauthorized && refused is null && endpoint.Credentials.CanRefresh)
                {
                    refused = identity;
                    continue;
                }

                throw KubeStatus.ToException((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation), Server);
            }
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path, KubeIdentity identity, string? accept)
    {
        HttpRequestMessage request = new(method, Address + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.TryAddWithoutValidation("Accept", accept ?? "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "CloudLab/" + typeof(KubernetesApi).Assembly.GetName().Version!.ToString(3));
        request.Headers.Authorization = identity.Header;
        foreach ((string name, string value) in endpoint.Credentials.Impersonation)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (endpoint.ServerName is { } name1)
        {
            // .NET takes the name for the TLS handshake and for the certificate from here.
            request.Headers.Host = name1;
        }

        return request;
    }

    private HttpClient Client(KubeIdentity identity)
    {
        lock (gate)
        {
            if (http is not { } known || known.Certificate != identity.Certificate)
            {
                // Time limits are set by call: a watch has none.
                HttpClient client = new(new RequestLogHandler(createHandler(identity.Certificate))) { Timeout = Timeout.InfiniteTimeSpan };
                http = known = (identity.Certificate, client);
            }

            return known.Client;
        }
    }

    private LabException Unreachable(Exception e)
    {
        Exception root = e.GetBaseException();
        bool certificate = e is AuthenticationException || root is AuthenticationException || (e as HttpRequestException)?.HttpRequestError == HttpRequestError.SecureConnectionError;
        return certificate
            ? new LabException(
                LabErrorKind.ConnectionFailed, "CertificateNotTrusted",
                $"The TLS connection to the API server {Address} failed ({root.Message.TrimEnd('.')}): check certificate-authority and tls-server-name in the kubeconfig ({endpoint.Source}).", e)
            : new LabException(
                LabErrorKind.ConnectionFailed, "ClusterUnreachable",
                $"No Kubernetes cluster at {Address} ({root.Message.TrimEnd('.')}): start it, or choose another with -KubeConfig or -Context ({endpoint.Source}).", e);
    }
}
