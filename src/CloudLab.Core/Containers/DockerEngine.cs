using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text.Json;
using CloudLab.Core.Errors;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers;

/// <summary>The Docker Engine API: a small client over HTTP, in the newest version that both sides know.</summary>
public sealed class DockerEngine
{
    private static readonly Version Newest = new(1, 51);
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true };

    private readonly DockerConnection connection;
    private readonly TimeSpan pingPatience;
    private readonly TimeSpan patience;
    private Version? version;

    /// <summary>A client for a session's engine.</summary>
    /// <param name="connection">The engine.</param>
    /// <param name="pingPatience">How long the first answer may take; 10 seconds if null.</param>
    /// <param name="patience">How long any other answer may take to begin or to go on; 100 seconds if null.</param>
    public DockerEngine(DockerConnection connection, TimeSpan? pingPatience = null, TimeSpan? patience = null)
    {
        this.connection = connection;
        this.pingPatience = pingPatience ?? TimeSpan.FromSeconds(10);
        this.patience = patience ?? TimeSpan.FromSeconds(100);
    }

    private string Where => $"{connection.HostSetting.Value} ({connection.HostSetting.Source})";

    /// <summary>Makes sure that an engine answers, and agrees on a version of its API.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The version that is spoken. Throws <see cref="LabException"/> where no engine answers.</returns>
    public async Task<Version> NegotiateAsync(CancellationToken cancellation)
    {
        if (version is not null)
        {
            return version;
        }

        using HttpResponseMessage answer = await SendAsync("_ping", pingPatience, cancellation);
        string offered = answer.Headers.TryGetValues("Api-Version", out IEnumerable<string>? values) ? values.First() : "";
        if (!Version.TryParse(offered, out Version? theirs))
        {
            throw NoEngine("NotDockerEngine", $"What answers at {Where} is no Docker Engine: it names no API version.", null);
        }

        return version = theirs < Newest ? theirs : Newest;
    }

    /// <summary>Gets one object.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="path">Path and query after the version.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object, or null where the engine says 404.</returns>
    public async Task<T?> GetAsync<T>(string path, CancellationToken cancellation)
        where T : class
    {
        string versioned = await VersionedAsync(path, cancellation);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            using HttpResponseMessage answer = await SendAsync(versioned, patience, cancellation, notFoundIsAnswer: true);
            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            limit.CancelAfter(patience);
            await using Stream body = await answer.Content.ReadAsStreamAsync(limit.Token);
            return await JsonSerializer.DeserializeAsync<T>(body, Json, limit.Token) ?? throw Unreadable(path, null);
        }
        catch (Exception e) when (Explain(e, path, cancellation) is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>Gets a list, each item as soon as it is there.</summary>
    /// <typeparam name="T">Type of the items.</typeparam>
    /// <param name="path">Path and query after the version.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The items.</returns>
    public async IAsyncEnumerable<T> GetAllAsync<T>(string path, [EnumeratorCancellation] CancellationToken cancellation)
        where T : class
    {
        string versioned = await VersionedAsync(path, cancellation);
        using HttpResponseMessage answer = await SendAsync(versioned, patience, cancellation);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        await using Stream body = await answer.Content.ReadAsStreamAsync(limit.Token);
        await using IAsyncEnumerator<T?> items = JsonSerializer.DeserializeAsyncEnumerable<T>(body, Json, limit.Token).GetAsyncEnumerator(limit.Token);
        while (true)
        {
            try
            {
                limit.CancelAfter(patience);
                if (!await items.MoveNextAsync())
                {
                    break;
                }
            }
            catch (Exception e) when (Explain(e, path, cancellation) is { } explained)
            {
                throw explained;
            }

            if (items.Current is { } item)
            {
                yield return item;
            }
        }
    }

    private static string MessageOf(string body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("message", out JsonElement message)
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

    private async Task<string> VersionedAsync(string path, CancellationToken cancellation)
    {
        Version spoken = await NegotiateAsync(cancellation);
        return string.Create(CultureInfo.InvariantCulture, $"v{spoken.Major}.{spoken.Minor}/{path}");
    }

    private async Task<HttpResponseMessage> SendAsync(
        string path, TimeSpan limit, CancellationToken cancellation, bool notFoundIsAnswer = false)
    {
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(limit);
        HttpResponseMessage answer;
        try
        {
            answer = await connection.Http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limited.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Silent(limit, e);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }

        if (answer.IsSuccessStatusCode || (notFoundIsAnswer && answer.StatusCode == HttpStatusCode.NotFound))
        {
            return answer;
        }

        using (answer)
        {
            throw Refused(answer.StatusCode, MessageOf(await ReadTextAsync(answer, limited.Token)));
        }
    }

    private static async Task<string> ReadTextAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            return await answer.Content.ReadAsStringAsync(cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return "";
        }
    }

    private LabException? Explain(Exception problem, string path, CancellationToken cancellation) => problem switch
    {
        OperationCanceledException when !cancellation.IsCancellationRequested => Silent(patience, problem),
        JsonException => Unreadable(path, problem),
        HttpRequestException or IOException => new LabException(
            LabErrorKind.ServiceFailed, "DockerAnswerBroken",
            $"The Docker Engine at {Where} broke off its answer: {problem.Message.TrimEnd('.')}. Try again.", problem),
        _ => null,
    };

    private LabException Refused(HttpStatusCode status, string message)
    {
        (LabErrorKind kind, string code) = status switch
        {
            HttpStatusCode.BadRequest => (LabErrorKind.InvalidData, "DockerBadRequest"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => (LabErrorKind.AccessDenied, "DockerAccessDenied"),
            HttpStatusCode.NotFound => (LabErrorKind.NotFound, "DockerNotFound"),
            HttpStatusCode.Conflict => (LabErrorKind.Conflict, "DockerConflict"),
            _ => (LabErrorKind.ServiceFailed, "DockerEngineError"),
        };
        string detail = message.Length > 0 ? message : "no message";
        return new LabException(kind, code, $"The Docker Engine at {Where} refused ({(int)status}): {detail}") { StatusCode = (int)status };
    }

    private LabException Silent(TimeSpan limit, Exception inner) => NoEngine(
        "DockerEngineSilent",
        string.Create(CultureInfo.InvariantCulture, $"The Docker Engine at {Where} does not answer within {limit.TotalSeconds:0.#} s: see whether it is overloaded or hangs."),
        inner);

    private LabException Unreadable(string path, Exception? inner) => new(
        LabErrorKind.ServiceFailed, "DockerAnswerInvalid",
        $"The Docker Engine at {Where} answered {path.Split('?')[0]} with something that is not what its API says: see its log, or try another engine.", inner);

    private LabException Unreachable(HttpRequestException e)
    {
        // What our own ssh stream says is more than the broken pipe underneath it.
        Exception cause = e.InnerException is IOException { InnerException: IOException } ssh ? ssh : e.GetBaseException();

        // .NET says "Cannot assign requested address" of a socket that is not there.
        string why = connection.Endpoint.Kind == DockerTransportKind.Unix && !File.Exists(connection.Endpoint.Path)
            ? "there is no such socket" : cause.Message.TrimEnd('.');
        return cause switch
        {
            LabException lab => lab,
            SocketException { SocketErrorCode: SocketError.AccessDenied } or UnauthorizedAccessException => NoEngine(
                "DockerAccessDenied",
                $"You may not use the Docker socket {Where}: join the group that owns it (docker), use a rootless engine, or run as an administrator.", e),
            AuthenticationException => NoEngine(
                "DockerTlsFailed",
                $"TLS to the Docker Engine at {Where} failed: {cause.Message.TrimEnd('.')}. Look at DOCKER_CERT_PATH or the context's certificates.", e),
            _ when e.HttpRequestError is HttpRequestError.InvalidResponse => NoEngine(
                "NotDockerEngine", $"What answers at {Where} is no Docker Engine: it does not speak HTTP.", e),
            _ when e.HttpRequestError is HttpRequestError.ResponseEnded => NoEngine(
                "NoDockerEngine", $"The Docker Engine at {Where} closed the connection without an answer: see whether it is starting or stopping.", e),
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
}
