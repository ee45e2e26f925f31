using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>
/// The top of a client's handlers: sends a request again where the failure is one that passes, renews a token that is
/// refused, and turns every other failure into the one exception. An answer that comes out of here is a success.
/// </summary>
/// <param name="endpoint">The cluster and who the caller is.</param>
/// <param name="certificate">The client certificate of the connections underneath, or null.</param>
/// <param name="clock">Times the pauses between attempts.</param>
internal sealed class KubeRetryHandler(KubeEndpoint endpoint, KubeClientCertificate? certificate, TimeProvider clock) : DelegatingHandler
{
    /// <summary>
    /// Marks a request whose answer is read to its end here, within a minute and again where the connection broke in the middle: all
    /// but watches and logs.
    /// </summary>
    public static readonly HttpRequestOptionsKey<bool> Whole = new("CloudLab.Whole");

    /// <summary>Marks a request that is sent once: its caller has better to do with a refusal than to wait.</summary>
    public static readonly HttpRequestOptionsKey<bool> Once = new("CloudLab.Once");

    private const int MostAttempts = 6, MostRefused = 8;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(30);

    // A server that answered so lately and refuses connections now is most likely starting again.
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(1);

    private long answered = long.MinValue;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // POST creates under a name of the server's choosing, and a WebSocket may start a command; all else can be sent again.
        bool repeatable = request.Method != HttpMethod.Post && request.RequestUri!.Scheme is ("http" or "https"), renewed = false;
        bool once = request.Options.TryGetValue(Once, out bool marked) && marked;
        int attempt = 1;
        while (true)
        {
            LabException failure;
            TimeSpan? retryAfter = null;
            try
            {
                HttpResponseMessage answer = await AttemptAsync(request, cancellationToken);
                Volatile.Write(ref answered, clock.GetTimestamp());
                if (answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.SwitchingProtocols)
                {
                    return answer;
                }

                using (answer)
                {
                    int code = (int)answer.StatusCode;
                    if (code == 401 && !renewed && await RenewAsync(request, cancellationToken))
                    {
                        // No attempt of those that a failing server has.
                        renewed = true;
                        continue;
                    }

                    failure = KubeStatus.ToException(code, await answer.Content.ReadAsStringAsync(cancellationToken), endpoint.Server);
                    if (code == 401 && await endpoint.Credentials.EndAsync(cancellationToken) is { } end && end < clock.GetUtcNow())
                    {
                        throw failure.Retold($"The API server {endpoint.Address} rejected the credentials: the {endpoint.Credentials.Method} of the kubeconfig {(endpoint.Credentials.CanRefresh ? "gave some that " : "")}expired at {end:u}. Sign in again with the tool that made them, or renew them in the kubeconfig.").Stopping();
                    }

                    retryAfter = RetryAfter(answer);
                    bool again = code == 429 || (repeatable && (code is 502 or 503 || (code >= 500 && retryAfter is not null)));
                    if (!again || once || attempt >= MostAttempts)
                    {
                        throw failure;
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException)
            {
                failure = KubeStatus.Unreachable(endpoint, e);

                // Where the connection was refused nothing was sent, and what must not be sent twice can be sent now.
                bool unsent = KubeStatus.IsBrokenHandshake(e);
                bool again = IsRefused(e) ? attempt < MostRefused && AnsweredLately() : (repeatable || unsent) && attempt < MostAttempts && MayPass(e);
                if (!again)
                {
                    throw request.Method == HttpMethod.Post && !unsent && MayPass(e) ? KubeStatus.AnswerLost(endpoint, request.RequestUri!, e) : failure;
                }
            }

            TimeSpan pause = retryAfter ?? TimeSpan.FromMilliseconds((100 << (attempt - 1)) * (0.75 + (Random.Shared.NextDouble() / 2)));
            RequestLog.Current.Verbose(
                $"Attempt {attempt} of {request.Method} {request.RequestUri!.AbsolutePath} failed ({failure.Message}); retrying in {pause.TotalSeconds:0.#} s");
            await Task.Delay(pause, clock, cancellationToken);
            attempt++;
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter?.Delta is { } delta ? delta < LongestRetryAfter ? delta : LongestRetryAfter : null;

    // An unknown name or a wrong certificate stay so; a connection that broke may not, be it in the middle of the TLS handshake.
    private static bool MayPass(Exception e) => KubeStatus.IsBrokenHandshake(e) || e is not HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    private static bool IsRefused(Exception e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError, InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.ConnectionReset } };

    private bool AnsweredLately() => Volatile.Read(ref answered) is var last and not long.MinValue && clock.GetElapsedTime(last) < Lately;

    private async Task<HttpResponseMessage> AttemptAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        if (!request.Options.TryGetValue(Whole, out bool whole) || !whole)
        {
            return await base.SendAsync(request, cancellation);
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerTime);
        HttpResponseMessage? answer = null;
        try
        {
            answer = await base.SendAsync(request, limit.Token);
            await answer.Content.LoadIntoBufferAsync(limit.Token);
            return answer;
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            answer?.Dispose();
            throw new LabException(
                LabErrorKind.Timeout, "NoAnswer",
                $"The API server {endpoint.Address} did not answer {request.Method} {request.RequestUri!.AbsolutePath} within {AnswerTime.TotalSeconds:0} s: try again, or check the server.", e);
        }
        catch
        {
            answer?.Dispose();
            throw;
        }
    }

    // True where there is another token for the request. Another client certificate needs other connections: the caller's business.
    private async Task<bool> RenewAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        KubeCredentials credentials = endpoint.Credentials;
        if (!credentials.CanRefresh)
        {
            return false;
        }

        KubeIdentity current = await credentials.CurrentAsync(null, cancellation);
        if (current.Certificate == certificate && Equals(current.Header, request.Headers.Authorization))
        {
            current = await credentials.CurrentAsync(current, cancellation);
        }

        if (current.Certificate != certificate)
        {
            return false;
        }

        request.Headers.Authorization = current.Header;
        return true;
    }
}
