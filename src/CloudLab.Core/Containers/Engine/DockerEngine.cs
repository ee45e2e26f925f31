using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text.Json;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Docker;
using Docker.DotNet;
using Docker.DotNet.Models;
using Version = System.Version;

namespace CloudLab.Core.Containers.Engine;

/// <summary>A Docker Engine: its API through Docker.DotNet, in the newest version that both sides know, with errors that say what to do.</summary>
public sealed class DockerEngine
{
    // The version that the types of Docker.DotNet.Enhanced 4.3 were made from.
    private static readonly Version Newest = new(1, 54);

    private const int MostListings = 8;

    private static readonly Dictionary<string, string> NoHeaders = [];
    private static readonly Dictionary<string, string> Upgrading = new() { ["Connection"] = "Upgrade", ["Upgrade"] = "tcp" };

    private readonly DockerConnection connection;
    private readonly TimeSpan pingPatience;
    private readonly TimeSpan patience;
    private Negotiated? negotiated;

    /// <summary>A client for a session's engine.</summary>
    /// <param name="connection">The engine.</param>
    /// <param name="pingPatience">How long the first answer may take; 10 seconds if null.</param>
    /// <param name="patience">How long any other answer may take; 100 seconds if null.</param>
    public DockerEngine(DockerConnection connection, TimeSpan? pingPatience = null, TimeSpan? patience = null)
    {
        this.connection = connection;
        this.pingPatience = pingPatience ?? TimeSpan.FromSeconds(10);
        this.patience = patience ?? TimeSpan.FromSeconds(100);
    }

    /// <summary>Whether it is reached through a socket of this machine.</summary>
    internal bool IsLocal => !OperatingSystem.IsWindows() && connection.Endpoint.Kind == DockerTransportKind.Unix;

    private string Where => $"{connection.HostSetting.Value} ({connection.HostSetting.Source})";

    /// <summary>Makes sure that an engine answers, and agrees on a version of its API.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The version that is spoken. Throws <see cref="LabException"/> where no engine answers.</returns>
    public async Task<Version> NegotiateAsync(CancellationToken cancellation) => (await NegotiatedAsync(cancellation)).Spoken;

    /// <summary>Asks the engine for something.</summary>
    /// <typeparam name="T">Type of the answer.</typeparam>
    /// <param name="what">The path, for errors.</param>
    /// <param name="ask">Asks; gets a client that speaks the version agreed on, and a token that ends with the time limit.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The answer. Throws <see cref="LabException"/> where there is none.</returns>
    internal async Task<T> AskAsync<T>(string what, Func<DockerClient, CancellationToken, Task<T>> ask, CancellationToken cancellation)
        where T : class
    {
        Negotiated engine = await NegotiatedAsync(cancellation);
        return await WithAgreedVersionAsync(engine, () => AskAsync(engine.Client, what, patience, ask, cancellation), cancellation);
    }

    /// <summary>
    /// Asks for an answer that is read as it comes: a log, messages, a tar. Docker.DotNet 4.3 hands such answers out through callbacks that nothing slows
    /// down, and divides lines where a read ends: of 100,000 log lines it made 100,300 to 100,530.
    /// </summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path and query, without the version.</param>
    /// <param name="content">What is sent, or null.</param>
    /// <param name="idle">How long the engine may neither take nor send anything; infinite for what may be silent for ever.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="headers">Further headers of the request, or null.</param>
    /// <param name="head">How long the answer may take to begin, where the engine has to work for it first; as any other answer if null.</param>
    /// <returns>The answer, which the caller disposes of. Throws <see cref="LabException"/> where the engine refuses.</returns>
    internal async Task<EngineStream> OpenAsync(
        HttpMethod method, string path, EngineContent? content, TimeSpan idle, CancellationToken cancellation, IReadOnlyDictionary<string, string>? headers = null,
        TimeSpan? head = null)
    {
        Negotiated engine = await NegotiatedAsync(cancellation);
        return await WithAgreedVersionAsync(engine, () => OpenAsync(engine, engine.Sender, method, path, content, idle, headers, cancellation, head), cancellation);
    }

    /// <summary>Asks for messages, one JSON object a line: progress of a pull, events, statistics.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path and query, without the version.</param>
    /// <param name="content">What is sent, or null.</param>
    /// <param name="idle">How long the engine may be silent.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="headers">Further headers of the request, or null.</param>
    /// <returns>The messages as they come. An error among them is thrown as <see cref="LabException"/>, and nothing comes after it.</returns>
    internal async IAsyncEnumerable<EngineMessage> MessagesAsync(
        HttpMethod method, string path, EngineContent? content, TimeSpan idle,
        [EnumeratorCancellation] CancellationToken cancellation, IReadOnlyDictionary<string, string>? headers = null)
    {
        await using EngineStream stream = await OpenAsync(method, path, content, idle, cancellation, headers, head: idle);
        await foreach (EngineMessage message in EngineMessage.ReadAsync(stream, e => Unreadable(PathOf(path), e), cancellation))
        {
            yield return message.Error is { } error ? throw Refused(error.Status, error.Text, null) : message;
        }
    }

    /// <summary>
    /// Asks for what there is of all images or all files. What is removed while the engine lists it makes the whole answer fail with
    /// 404 (moby issues 21215 and 47249), so it is asked for again, a few times.
    /// </summary>
    /// <typeparam name="T">What the answer is.</typeparam>
    /// <param name="ask">Asks once.</param>
    /// <returns>The answer. Throws <see cref="LabException"/> where there is none.</returns>
    internal static async Task<T> WholeAsync<T>(Func<Task<T>> ask)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await ask();
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound && tries < MostListings)
            {
                // Again.
            }
        }
    }

    /// <summary>Asks for an answer that Docker.DotNet has no type for: JSON as it is.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path and query, without the version.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="limit">How long it may take; as any other answer if null.</param>
    /// <param name="content">What is sent, or null.</param>
    /// <returns>The answer. Throws <see cref="LabException"/> where there is none.</returns>
    internal async Task<JsonElement> JsonAsync(
        HttpMethod method, string path, CancellationToken cancellation, TimeSpan? limit = null, EngineContent? content = null)
    {
        await using EngineStream stream = await OpenAsync(method, path, content, limit ?? patience, cancellation, head: limit);
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(stream, default, cancellation);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw Unreadable(PathOf(path), e);
        }
    }

    /// <summary>Asks for a connection that becomes a stream in both directions: exec, attach.</summary>
    /// <param name="path">Path and query, without the version.</param>
    /// <param name="content">What is sent before, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The stream, which the caller disposes of. Throws <see cref="LabException"/> where the engine refuses.</returns>
    internal async Task<HijackedStream> HijackAsync(string path, EngineContent? content, CancellationToken cancellation)
    {
        Negotiated engine = await NegotiatedAsync(cancellation);
        HalfClosable halves = new();
        HttpMessageInvoker sender = new(new DockerExchange(DockerTransport.Single(connection.Endpoint, connection.Environment, halves), Unreachable));
        try
        {
            EngineStream stream = await WithAgreedVersionAsync(
                engine, () => OpenAsync(engine, sender, HttpMethod.Post, path, content, Timeout.InfiniteTimeSpan, Upgrading, cancellation), cancellation);
            return new HijackedStream(stream, halves, sender);
        }
        catch
        {
            sender.Dispose();
            throw;
        }
    }

    /// <summary>Takes output apart that comes in frames.</summary>
    /// <param name="stream">The answer.</param>
    /// <param name="what">What it is, for errors: <c>the log of 'web'</c>.</param>
    /// <param name="raw">Whether it comes without frames, from a terminal.</param>
    /// <returns>A reader.</returns>
    internal EngineFrameReader Frames(EngineStream stream, string what, bool raw) => new(stream, raw, why => new LabException(
        LabErrorKind.ServiceFailed, "DockerAnswerBroken", $"The Docker Engine at {Where} did not send all of {what}: {why}. Check whether it was stopped."));

    /// <summary>An error for an answer that is not what the API says.</summary>
    /// <param name="what">The path.</param>
    /// <param name="inner">What shows it, or null.</param>
    /// <returns>The error.</returns>
    internal LabException Unreadable(string what, Exception? inner) => new(
        LabErrorKind.ServiceFailed, "DockerAnswerInvalid",
        $"The Docker Engine at {Where} sent an invalid response to {what}: check its log, or try another engine.", inner);

    private static string PathOf(string path) => path.Split('?')[0];

    private async Task<T> WithAgreedVersionAsync<T>(Negotiated engine, Func<Task<T>> ask, CancellationToken cancellation)
    {
        try
        {
            return await ask();
        }
        catch (LabException e) when (e.StatusCode == (int)HttpStatusCode.BadRequest && engine.Offered > Newest)
        {
            VersionResponse theirs = await AskAsync(
                engine.Unversioned, "version", patience, (client, limited) => client.System.GetVersionAsync(limited), cancellation);
            if (Version.TryParse(theirs.MinAPIVersion, out Version? oldest) && oldest > Newest)
            {
                throw new LabException(
                    LabErrorKind.NotSupported, "DockerApiVersionUnsupported",
                    $"The Docker Engine at {Where} supports API versions {oldest} to {engine.Offered}, CloudLab up to {Newest}: install a newer CloudLab.", e)
                {
                    StatusCode = e.StatusCode,
                    StopsCommand = true,
                };
            }

            throw;
        }
    }

    private static string MessageOf(string body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("message", out JsonElement message)
                && message.ValueKind == JsonValueKind.String
                && message.GetString() is { Length: > 0 } text)
            {
                return text;
            }
        }
        catch (JsonException)
        {
            // A proxy in between, or no engine at all: its first words say more than nothing.
        }

        string line = body.ReplaceLineEndings(" ").Trim();
        return line.Length > 200 ? line[..200] + "…" : line;
    }

    private async Task<Negotiated> NegotiatedAsync(CancellationToken cancellation)
    {
        if (negotiated is not null)
        {
            return negotiated;
        }

        // The connections belong to the session, so the clients are not disposed of.
        DockerExchange exchange = new(connection.Handler, Unreachable);
        DockerClient unversioned = Client(exchange, null);

        // A ping takes 5 ms; /version, which names the oldest version too, takes 40 or more, since the engine then runs
        // runc to ask for its version. So that is asked for only where it matters.
        try
        {
            await AskAsync(unversioned, "_ping", pingPatience, async (client, limited) =>
            {
                await client.System.PingAsync(limited);
                return exchange;
            }, cancellation);
        }
        catch (LabException e) when (e.StatusCode == (int)HttpStatusCode.NotFound && exchange.ApiVersion is null)
        {
            throw NoEngine("NotDockerEngine", $"The server at {Where} is not a Docker Engine: it has no /_ping.", e);
        }

        if (!Version.TryParse(exchange.ApiVersion, out Version? offered))
        {
            throw NoEngine("NotDockerEngine", $"The server at {Where} is not a Docker Engine: it does not report an API version.", null);
        }

        Version spoken = offered < Newest ? offered : Newest;
        return negotiated = new Negotiated(offered, spoken, unversioned, Client(exchange, spoken), new HttpMessageInvoker(exchange, disposeHandler: false));
    }

    private DockerClient Client(DockerExchange exchange, Version? version) =>
        new DockerClientBuilder<HttpMessageHandler>(DockerTransport.Instance, exchange)
            .WithEndpoint(connection.Endpoint.HttpUrl)
            .WithTimeout(Timeout.InfiniteTimeSpan)
            .WithApiVersion(version)
            .Build();

    private async Task<EngineStream> OpenAsync(
        Negotiated engine, HttpMessageInvoker sender, HttpMethod method, string path, EngineContent? content, TimeSpan idle,
        IReadOnlyDictionary<string, string>? headers, CancellationToken cancellation, TimeSpan? head = null)
    {
        // The head of an answer comes within the time of any other answer, unless there is something to be sent first.
        EngineClock clock = new(content is { Length: null } ? idle : head ?? patience, cancellation, Failure);
        try
        {
            using HttpRequestMessage request = new(method, new Uri(connection.Endpoint.HttpUrl, $"v{engine.Spoken}/{path}"));
            request.Content = content?.ToHttp(clock);
            foreach ((string name, string value) in headers ?? NoHeaders)
            {
                request.Headers.Add(name, value);
            }

            // Says no before everything is sent, where it does.
            request.Headers.ExpectContinue = content is { Length: null };
            HttpResponseMessage answer;
            try
            {
                answer = await clock.RunAsync(token => sender.SendAsync(request, token));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                content?.ThrowIfFailed();
                throw;
            }

            if ((int)answer.StatusCode is >= 400 or (>= 300 and not 304))
            {
                using (answer)
                {
                    throw Refused((int)answer.StatusCode, MessageOf(await clock.RunAsync(token => answer.Content.ReadAsStringAsync(token))), null);
                }
            }

            Stream body = await answer.Content.ReadAsStreamAsync(cancellation);
            clock.Limit = idle;
            return new EngineStream(answer, body, clock);
        }
        catch
        {
            clock.Dispose();
            throw;
        }

        LabException? Failure(Exception e, TimeSpan limit) => e switch
        {
            OperationCanceledException => Silent(limit, e),
            HttpRequestException or IOException or SocketException => Broken(e),
            _ when IsAboutContent(e) => Unreadable(PathOf(path), e),
            _ => null,
        };
    }

    private LabException Silent(TimeSpan limit, Exception inner) => NoEngine(
        "DockerEngineSilent",
        string.Create(CultureInfo.InvariantCulture, $"The Docker Engine at {Where} did not answer within {limit.TotalSeconds:0.#} s: check whether it is overloaded or hanging."),
        inner);

    private LabException Broken(Exception inner) => new(
        LabErrorKind.ServiceFailed, "DockerAnswerBroken",
        $"The Docker Engine at {Where} closed the connection before its response was complete: {inner.GetBaseException().Message.TrimEnd('.')}. Try again.", inner);

    private async Task<T> AskAsync<T>(
        DockerClient client, string what, TimeSpan limit, Func<DockerClient, CancellationToken, Task<T>> ask, CancellationToken cancellation)
        where T : class
    {
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(limit);
        try
        {
            return await ask(client, limited.Token) ?? throw Unreadable(what, null);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Silent(limit, e);
        }
        catch (DockerApiException e)
        {
            throw Refused((int)e.StatusCode, MessageOf(e.ResponseBody ?? ""), e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Broken(e);
        }
        catch (Exception e) when (IsAboutContent(e))
        {
            throw Unreadable(what, e);
        }
    }

    // What the package, the JSON reader and HttpContent throw at a wrong value: the last two are for a date and a character set that is none.
    private static bool IsAboutContent(Exception e) =>
        e is JsonException or NotImplementedException or ArgumentOutOfRangeException or InvalidOperationException { InnerException: ArgumentException };

    private LabException Refused(int status, string message, Exception? inner)
    {
        (LabErrorKind kind, string code) = (HttpStatusCode)status switch
        {
            HttpStatusCode.BadRequest => (LabErrorKind.InvalidData, "DockerBadRequest"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => (LabErrorKind.AccessDenied, "DockerAccessDenied"),
            HttpStatusCode.NotFound => (LabErrorKind.NotFound, "DockerNotFound"),
            HttpStatusCode.Conflict => (LabErrorKind.Conflict, "DockerConflict"),
            _ => (LabErrorKind.ServiceFailed, "DockerEngineError"),
        };
        string detail = message.Length > 0 ? message : "no message";
        return new LabException(kind, code, $"The Docker Engine at {Where} {(status > 0 ? $"refused ({status})" : "failed")}: {detail}", inner)
        {
            StatusCode = status > 0 ? status : null,
            ServiceMessage = detail,
        };
    }

    private LabException Unreachable(HttpRequestException e)
    {
        // What our own ssh stream says is more than the broken pipe underneath it.
        Exception cause = e.InnerException is IOException { InnerException: IOException } ssh ? ssh : e.GetBaseException();

        // .NET says "Cannot assign requested address" of a socket that is not there.
        string why = connection.Endpoint.Kind == DockerTransportKind.Unix && !File.Exists(connection.Endpoint.Path)
            ? "the socket does not exist" : cause.Message.TrimEnd('.');
        return cause switch
        {
            LabException lab => lab,
            SocketException { SocketErrorCode: SocketError.AccessDenied } or UnauthorizedAccessException => NoEngine(
                "DockerAccessDenied",
                $"Access to the Docker socket {Where} is denied: join the group that owns it (docker), use a rootless engine, or run as an administrator.", e),
            AuthenticationException => NoEngine(
                "DockerTlsFailed",
                $"TLS to the Docker Engine at {Where} failed: {cause.Message.TrimEnd('.')}. Check DOCKER_CERT_PATH or the context's certificates.", e),
            _ when e.HttpRequestError is HttpRequestError.InvalidResponse => NoEngine(
                "NotDockerEngine", $"The server at {Where} is not a Docker Engine: it does not speak HTTP.", e),
            _ when e.HttpRequestError is HttpRequestError.ResponseEnded => NoEngine(
                "NoDockerEngine", $"The Docker Engine at {Where} closed the connection without an answer: check whether it is starting or stopping.", e),
            _ => NoEngine(
                "NoDockerEngine",
                $"No Docker Engine answers at {Where}: {why}. Start Docker, or name an engine with -DockerHost, -DockerContext or DOCKER_HOST.", e),
        };
    }

    private LabException NoEngine(string code, string message, Exception? inner) => new(LabErrorKind.ConnectionFailed, code, message, inner)
    {
        Advice = "Get-LabSession shows which engine is used and where its address came from; 'docker context ls' lists the others.",
        Target = connection.HostSetting.Value,
    };

    private sealed record Negotiated(Version Offered, Version Spoken, DockerClient Unversioned, DockerClient Client, HttpMessageInvoker Sender);
}
