using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;

namespace CloudLab.Core.Containers.Registries;

/// <summary>
/// Talks to one registry: finds out whether it speaks TLS, shows the credentials it asks for, and sends again what fails for a moment.
/// The protocol is the OCI distribution specification 1.1.
/// </summary>
internal sealed class RegistryConnection : IDisposable
{
    private const int MostAttempts = 6;
    private const string NotRegistry = "NotARegistry";
    private const int MostRedirects = 5;
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(60);
    private static readonly string Agent = "CloudLab/" + typeof(RegistryConnection).Assembly.GetName().Version!.ToString(3);

    /// <summary>How long a registry may be silent.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient client;
    private readonly RegistryAuthorization authorization;
    private readonly RegistryOptions options;
    private readonly SemaphoreSlim turn = new(1);
    private Uri? root;

    /// <summary>Prepares a connection; nothing is sent yet.</summary>
    /// <param name="registry"><c>127.0.0.1:5000</c>, <c>docker.io</c>.</param>
    /// <param name="docker">Where credentials and certificates are.</param>
    /// <param name="options">How it is talked to.</param>
    /// <param name="login">Credentials to use instead of the stored ones, or null.</param>
    public RegistryConnection(string registry, DockerConnection docker, RegistryOptions options, RegistryLogin? login = null)
    {
        (Registry, this.options) = (registry, options);
        SocketsHttpHandler sockets = new() { ConnectTimeout = TimeSpan.FromSeconds(15), PooledConnectionLifetime = TimeSpan.FromMinutes(10), AllowAutoRedirect = false };
        EnvironmentProxy.Use(sockets, docker.Environment);
        Trust(sockets.SslOptions, docker);
        client = new HttpClient(new RequestLogHandler(new ProxyFaultHandler(sockets))) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd(Agent);
        authorization = new RegistryAuthorization(
            registry, login is null ? token => new RegistryCredentials(docker).FindAsync(registry, token) : _ => Task.FromResult<RegistryLogin?>(login), client);
    }

    /// <summary>The registry's name.</summary>
    public string Registry { get; }

    /// <summary>Asks whether the registry knows the caller.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it does. Throws <see cref="LabException"/> (<c>RegistryUnauthorized</c>, <c>RegistryUnreachable</c>, <c>NotARegistry</c>).</returns>
    public async Task GreetAsync(CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await SendAsync(new RegistryRequest(HttpMethod.Get, "/v2/", ""), cancellation);
    }

    /// <summary>Sends a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>
    /// An answer that is a success, or of a status that the request expects; its content is not read yet. Throws <see cref="LabException"/> otherwise.
    /// </returns>
    public async Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellation)
    {
        Uri first = Address(await RootAsync(cancellation), request.Path), address = first;
        bool challenged = false;
        int redirects = 0;
        for (int attempt = 1; ; attempt++)
        {
            LabException failure;
            TimeSpan? pause = null;
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            HttpContent? content = request.Content?.Invoke(patience => limit.CancelAfter(patience ?? request.Patience));
            try
            {
                using HttpRequestMessage message = await MessageAsync(request, address, content, cancellation);
                limit.CancelAfter(request.Patience);
                HttpResponseMessage answer = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                if (answer.IsSuccessStatusCode || request.Expects.Contains(answer.StatusCode))
                {
                    return answer;
                }

                using (answer)
                {
                    // Blobs are at other servers in many registries. What changes something is never sent on.
                    if ((int)answer.StatusCode is 301 or 302 or 303 or 307 or 308 && answer.Headers.Location is { } elsewhere
                        && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head) && redirects++ < MostRedirects)
                    {
                        address = Address(address, elsewhere.OriginalString);
                        continue;
                    }

                    if (answer.StatusCode == HttpStatusCode.Unauthorized && !challenged && IsOwn(address))
                    {
                        challenged = true;
                        authorization.Challenged(answer, request.Scope);
                        if (await authorization.HeaderAsync(request.Scope, cancellation) is not null)
                        {
                            continue;
                        }
                    }

                    failure = await RegistryFailure.OfAsync(answer, Registry, request.Target, limit.Token);
                    pause = answer.Headers.RetryAfter switch
                    {
                        { Delta: { } delta } => delta,
                        { Date: { } date } => date - DateTimeOffset.UtcNow,
                        _ => null,
                    };
                    bool busy = answer.StatusCode == HttpStatusCode.TooManyRequests;
                    if (attempt >= MostAttempts || pause > LongestRetryAfter || !(busy || (request.Repeatable && (int)answer.StatusCode is 500 or 502 or 503 or 504)))
                    {
                        throw failure;
                    }
                }
            }
            catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
            {
                (content as BlobContent)?.ThrowIfSourceFailed();
                failure = RegistryFailure.Unreachable(Registry, $"it was silent for {request.Patience.TotalSeconds:0} s", e);
                if (!request.Repeatable || attempt > 1)
                {
                    throw failure;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                (content as BlobContent)?.ThrowIfSourceFailed();
                failure = RegistryFailure.Unreachable(Registry, Reason(e), e);
                if (!request.Repeatable || attempt >= MostAttempts)
                {
                    throw failure;
                }
            }

            // What a redirect led to may be valid for a moment only.
            (address, redirects) = (first, 0);
            RequestLog.Current.Verbose($"Attempt {attempt} of {request.Method} {address.AbsolutePath} failed ({failure.Message}); trying again");
            await (pause > TimeSpan.Zero ? Task.Delay(pause.Value, cancellation) : Backoff.DelayAsync(attempt, cancellation));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        authorization.Dispose();
        turn.Dispose();
    }

    private static string Reason(Exception e) => e.GetBaseException().Message.ReplaceLineEndings(" ");

    // Docker's own registry has its API on another host than its name says.
    private static string HostOf(string registry) => registry == RegistryCredentials.Hub ? "registry-1.docker.io" : registry;

    // Downloads and uploads may go on at another host, which is not meant to see the registry's credentials nor to ask for them.
    private bool IsOwn(Uri address) => address.Scheme == root!.Scheme && address.Authority == root.Authority;

    // An address that the registry gave. Behind a proxy some call themselves http although they are spoken to over TLS.
    private Uri Address(Uri from, string path)
    {
        if (!Uri.TryCreate(from, path, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new LabException(LabErrorKind.ServiceFailed, "RegistryFailed", $"The registry {Registry} sends its clients on to an address that is not one of the web: nothing was sent there.") { Target = Registry };
        }

        return root!.Scheme == "http" || address.Scheme == "https" ? address
            : address.Host == root.Host ? new Uri(root, address.PathAndQuery)
            : throw new LabException(
                LabErrorKind.ServiceFailed, "RegistryFailed", $"The registry {Registry} sends its clients on to {address.Host} without encryption: nothing was sent there. Its operator must correct that.") { Target = Registry };
    }

    private async Task<HttpRequestMessage> MessageAsync(RegistryRequest request, Uri address, HttpContent? content, CancellationToken cancellation)
    {
        HttpRequestMessage message = new(request.Method, address) { Content = content };
        message.Headers.Authorization = IsOwn(address) ? await authorization.HeaderAsync(request.Scope, cancellation) : null;
        foreach (string type in request.Accept)
        {
            message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }

        if (request.Offset > 0)
        {
            message.Headers.Range = new RangeHeaderValue(request.Offset, null);
        }

        return message;
    }

    // Registries on this machine speak plain HTTP as a rule; elsewhere that must be asked for.
    private async Task<Uri> RootAsync(CancellationToken cancellation)
    {
        if (root is not null)
        {
            return root;
        }

        await turn.WaitAsync(cancellation);
        try
        {
            if (root is not null)
            {
                return root;
            }

            string host = HostOf(Registry);
            Uri secure = At("https"), plain = At("http");

            // On this machine there is no network to listen in on, and a server without TLS may stay silent when TLS is tried.
            Uri[] addresses = secure.IsLoopback ? [plain, secure] : options.AllowHttp ? [secure, plain] : [secure];
            LabException? failure = null, other = null;
            foreach (Uri address in addresses)
            {
                try
                {
                    await GreetAsync(address, address == addresses[^1] ? Patience : FirstPatience, cancellation);
                    return root = address;
                }
                catch (HttpRequestException e)
                {
                    failure = RegistryFailure.Unreachable(Registry, Reason(e), e);

                    // A certificate that is wrong is no reason to do without one.
                    if (address == secure && e.InnerException is AuthenticationException wrong && !wrong.Message.Contains("frame", StringComparison.Ordinal))
                    {
                        throw failure;
                    }
                }
                catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
                {
                    failure = RegistryFailure.Unreachable(Registry, "it was silent", e);
                }
                catch (LabException e) when (e.Code == NotRegistry)
                {
                    other = e;
                }
            }

            throw other ?? failure!;

            Uri At(string scheme) => Uri.TryCreate($"{scheme}://{host}", UriKind.Absolute, out Uri? address) ? address
                : throw new LabException(LabErrorKind.InvalidData, "RegistryInvalid", $"'{Registry}' is not the name of a registry: write host or host:port.") { Target = Registry };
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task GreetAsync(Uri address, TimeSpan patience, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        using HttpRequestMessage message = new(HttpMethod.Get, new Uri(address, "/v2/"));
        using HttpResponseMessage answer = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
        {
            authorization.Challenged(answer, "");
        }
        else if ((int)answer.StatusCode is 404 or 400 or (>= 300 and < 400) || answer.Content.Headers.ContentType?.MediaType == "text/html")
        {
            // 400, or a redirect to https, is what a server that speaks TLS answers to plain HTTP; a page is what a captive portal answers.
            throw new LabException(
                LabErrorKind.NotSupported, NotRegistry, $"What answers at {address} is not a registry: it answers {(int)answer.StatusCode} to /v2/. Check host and port.") { Target = Registry };
        }
    }

    // The docker engine reads certificates from certs.d; so that both trust the same, the same folders are read here.
    private void Trust(SslClientAuthenticationOptions tls, DockerConnection docker)
    {
        if (options.SkipCertificateCheck)
        {
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
            return;
        }

        string name = OperatingSystem.IsWindows() ? Registry.Replace(":", "", StringComparison.Ordinal) : Registry;
        string[] folders =
        [
            Path.Combine(docker.ConfigFolder, "certs.d", name),
            OperatingSystem.IsWindows()
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "docker", "certs.d", name)
                : Path.Combine("/etc/docker/certs.d", name),
        ];
        string[] files;
        try
        {
            files = [.. folders.Where(Directory.Exists).SelectMany(Directory.EnumerateFiles)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "CaBundleUnusable", $"The certificates for {Registry} cannot be read: {e.Message.TrimEnd('.')}. Correct the folder's permissions.", e) { Target = Registry };
        }

        if (Array.FindAll(files, file => file.EndsWith(".crt", StringComparison.OrdinalIgnoreCase)) is { Length: > 0 } authorities)
        {
            RemoteCertificateValidationCallback own = TrustedAuthorities.Validate(
                () => [.. authorities.SelectMany(file => TrustedAuthorities.Load(file, $"certs.d of {Registry}"))]);
            tls.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => errors == SslPolicyErrors.None || own(sender, certificate, chain, errors);
        }

        if (Array.Find(files, file => file.EndsWith(".cert", StringComparison.OrdinalIgnoreCase)) is { } presented)
        {
            try
            {
                tls.ClientCertificates = [ClientCertificates.ForTls(X509Certificate2.CreateFromPemFile(presented, Path.ChangeExtension(presented, ".key")))];
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "ClientCertificateUnusable",
                    $"The client certificate '{presented}' for {Registry} cannot be used: {e.Message.TrimEnd('.')}. It needs a .key file of the same name beside it.", e) { Target = Registry };
            }
        }
    }
}

/// <summary>How a registry is talked to.</summary>
/// <param name="AllowHttp">Whether it may be talked to without TLS; registries on this machine always may.</param>
/// <param name="SkipCertificateCheck">Whether its certificate does not matter.</param>
public sealed record RegistryOptions(bool AllowHttp = false, bool SkipCertificateCheck = false);

/// <summary>A request to a registry.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query, or a whole URL that the registry gave.</param>
/// <param name="Scope">What the caller must be allowed to: <c>repository:movies/site:pull</c>.</param>
internal sealed record RegistryRequest(HttpMethod Method, string Path, string Scope)
{
    /// <summary>What it is about, for errors.</summary>
    public string? Target { get; init; }

    /// <summary>Media types to accept.</summary>
    public IReadOnlyList<string> Accept { get; init; } = [];

    /// <summary>Where in the content to begin.</summary>
    public long Offset { get; init; }

    /// <summary>
    /// Makes what is sent, anew for each attempt; is given what to call with how long the next step may take, null for the usual time.
    /// </summary>
    public Func<Action<TimeSpan?>, HttpContent>? Content { get; init; }

    /// <summary>How long the registry may be silent.</summary>
    public TimeSpan Patience { get; init; } = RegistryConnection.Patience;

    /// <summary>Whether it may be sent again after it failed.</summary>
    public bool Repeatable { get; init; } = true;

    /// <summary>Statuses that are an answer and no error.</summary>
    public IReadOnlyList<HttpStatusCode> Expects { get; init; } = [];
}
