using System.Net;
using System.Text;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Tests.Kubernetes;

/// <summary>An API server that answers as a test tells it to, one answer a request, faults among them.</summary>
internal sealed class ScriptedCluster
{
    private readonly Queue<Func<HttpRequestMessage, HttpResponseMessage>> answers = new();

    /// <summary>What was asked: method and path with query.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>A client of it. Pauses between attempts take no time.</summary>
    public KubernetesApi Api(KubeCredentials? credentials = null, KubeCache? cache = null, string? key = null) => new(
        new KubeEndpoint(new Uri("http://cluster.test"), "test")
        {
            Environment = new LabEnvironment(_ => null), Credentials = credentials ?? new KubeCredentials(), Key = key ?? Guid.NewGuid().ToString(),
        },
        () => new Wire(this), new HastyClock(), cache);

    /// <summary>Answers the next request.</summary>
    public ScriptedCluster Answer(HttpStatusCode code, string body, params (string Name, string Value)[] headers)
    {
        answers.Enqueue(_ =>
        {
            HttpResponseMessage answer = new(code) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            foreach ((string name, string value) in headers)
            {
                answer.Headers.TryAddWithoutValidation(name, value);
            }

            return answer;
        });
        return this;
    }

    /// <summary>Answers the next request with 200.</summary>
    public ScriptedCluster Answer(string body) => Answer(HttpStatusCode.OK, body);

    /// <summary>Answers the next request by something else.</summary>
    public ScriptedCluster Answer(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        answers.Enqueue(answer);
        return this;
    }

    /// <summary>Breaks the connection in place of an answer.</summary>
    public ScriptedCluster Break(HttpRequestError error = HttpRequestError.ResponseEnded)
    {
        answers.Enqueue(_ => throw new HttpRequestException(error, "connection reset by peer"));
        return this;
    }

    /// <summary>Answers with the beginning of a body and then breaks the connection.</summary>
    public ScriptedCluster BreakAfter(string body)
    {
        answers.Enqueue(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BrokenStream(Encoding.UTF8.GetBytes(body))) });
        return this;
    }

    /// <summary>A Status object.</summary>
    public static string Status(int code, string reason, string message) =>
        $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}}""";

    private Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (answers)
        {
            Requests.Add($"{request.Method} {request.RequestUri!.PathAndQuery}");
            return answers.TryDequeue(out Func<HttpRequestMessage, HttpResponseMessage>? answer)
                ? Task.FromResult(answer(request))
                : Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith<HttpResponseMessage>(_ => throw new OperationCanceledException(cancellationToken), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    // Stands where the connections would be; nothing gets past it.
    private sealed class Wire(ScriptedCluster cluster) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            cluster.AnswerAsync(request, cancellationToken);
    }

    private sealed class HastyClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : dueTime, period);
    }

    private sealed class BrokenStream(byte[] content) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, count) is var read and > 0 ? read : throw new IOException("connection reset by peer");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is var read and > 0 ? read : throw new IOException("connection reset by peer");

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
