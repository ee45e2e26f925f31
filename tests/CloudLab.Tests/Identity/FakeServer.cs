using System.Text;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator.Http;

namespace CloudLab.Tests.Identity;

/// <summary>A server that answers what a test tells it to, request by request; the last answer is repeated.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly Queue<(int Status, string Body)> answers;
    private readonly HttpServer server;
    private (int Status, string Body) last;

    public FakeServer(params (int Status, string Body)[] answers)
    {
        this.answers = new(answers);
        server = HttpServer.Start(0, AnswerAsync);
    }

    /// <summary>Action of each request, in order.</summary>
    public List<string> Actions { get; } = [];

    /// <summary>Form of each request, in order.</summary>
    public List<string> Forms { get; } = [];

    /// <summary>Told the action of each request before it is answered.</summary>
    public Action<string>? OnRequest { get; init; }

    public LabSession Session => SessionTo(server.Url);

    public IdentityClient Client => new(Session);

    public static LabSession SessionTo(Uri url) => LabSession.Resolve(
        new SessionOptions { EndpointUrl = url, Keys = new AwsKeys("AKIATEST", "secret-of-the-test"), Region = "us-east-1" }, "test");

    public static string Ok(string action, string result) =>
        $"<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{action}Result>{result}</{action}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{action}Response>";

    public static string Error(string code, string message) =>
        $"<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-2</RequestId></ErrorResponse>";

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpExchange exchange)
    {
        using StreamReader reader = new(exchange.Body);
        string form = await reader.ReadToEndAsync(exchange.Aborted);
        lock (answers)
        {
            Forms.Add(form);
            Actions.Add(form.Split('&').FirstOrDefault(p => p.StartsWith("Action=", StringComparison.Ordinal))?[7..] ?? exchange.Method);
            if (answers.Count > 0)
            {
                last = answers.Dequeue();
            }

            OnRequest?.Invoke(Actions[^1]);
        }

        await exchange.RespondAsync(last.Status, new HttpHeaderList { { "Content-Type", "text/xml" } }, Encoding.UTF8.GetBytes(last.Body));
    }
}
