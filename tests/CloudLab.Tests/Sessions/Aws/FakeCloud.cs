using System.Text;
using CloudLab.Emulator.Http;

namespace CloudLab.Tests.Sessions.Aws;

/// <summary>STS, SSO, the metadata of an instance and of a container on loopback, as far as credentials go; says what it was asked.</summary>
internal sealed class FakeCloud : IAsyncDisposable
{
    private readonly HttpServer server;
    private int assumed;

    public FakeCloud() => server = HttpServer.Start(0, AnswerAsync);

    public string Url => server.Url.AbsoluteUri.TrimEnd('/');

    /// <summary>Each request: method, path, and what it brought that matters.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>What STS answers instead of credentials.</summary>
    public string? Refusal { get; set; }

    /// <summary>Access token that SSO takes.</summary>
    public string Token { get; set; } = "token-1";

    /// <summary>True for an instance that knows nothing of tokens.</summary>
    public bool IsOldInstance { get; set; }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static string Expiration => DateTimeOffset.UtcNow.AddHours(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private async Task AnswerAsync(HttpExchange exchange)
    {
        using StreamReader reader = new(exchange.Body);
        string body = await reader.ReadToEndAsync(exchange.Aborted);
        (int status, string type, string text) = Answer(exchange, body);
        await exchange.RespondAsync(status, new HttpHeaderList { { "Content-Type", type }, { "x-amzn-ErrorType", status == 401 ? "UnauthorizedException" : "" } }, Encoding.UTF8.GetBytes(text));
    }

    private (int Status, string Type, string Text) Answer(HttpExchange exchange, string body)
    {
        string what = $"{exchange.Method} {exchange.RawPath}";
        lock (Requests)
        {
            switch (what)
            {
                case "POST /":
                    Dictionary<string, string> form = body.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
                    string signer = exchange.Headers.Get("Authorization") is { } header ? header.Split("Credential=")[1].Split('/')[0] : "nobody";
                    Requests.Add(string.Join(' ', new[]
                    {
                        form["Action"], form.GetValueOrDefault("RoleArn"), "by " + signer, form.GetValueOrDefault("RoleSessionName"), form.GetValueOrDefault("ExternalId"),
                        form.GetValueOrDefault("DurationSeconds"), form.GetValueOrDefault("SerialNumber"), form.GetValueOrDefault("TokenCode"), form.GetValueOrDefault("WebIdentityToken"),
                    }.Where(text => text is not null)));
                    return Refusal is not null
                        ? (403, "text/xml", $"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{Refusal}</Message></Error><RequestId>r</RequestId></ErrorResponse>")
                        : (200, "text/xml", $"<{form["Action"]}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{form["Action"]}Result><Credentials><AccessKeyId>ASIAROLE{++assumed}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{Expiration}</Expiration></Credentials></{form["Action"]}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{form["Action"]}Response>");
                case "POST /token":
                    Requests.Add(what);
                    Token = "token-2";
                    return (200, "application/json", """{"accessToken":"token-2","expiresIn":3600,"refreshToken":"refresh-2","tokenType":"Bearer"}""");
                case "GET /federation/credentials":
                    Requests.Add($"{what}?{exchange.RawQuery} {exchange.Headers.Get("x-amz-sso_bearer_token")}");
                    return exchange.Headers.Get("x-amz-sso_bearer_token") != Token
                        ? (401, "application/json", """{"message":"Session token not found or invalid"}""")
                        : (200, "application/json", $$$"""{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t","expiration":{{{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds()}}} } }""");
                case "PUT /latest/api/token":
                    Requests.Add(what);
                    return IsOldInstance ? (404, "text/plain", "") : (200, "text/plain", "imds-token");
                case "GET /latest/meta-data/iam/security-credentials/":
                    Requests.Add($"{what} {exchange.Headers.Get("X-aws-ec2-metadata-token")}");
                    return (200, "text/plain", "instance-role");
                case "GET /latest/meta-data/iam/security-credentials/instance-role":
                    return (200, "application/json", Keys("ASIAINSTANCE"));
                case "GET /container":
                    Requests.Add($"{what} {exchange.Headers.Get("Authorization")}");
                    return (200, "application/json", Keys("ASIACONTAINER"));
                default:
                    Requests.Add(what);
                    return (404, "text/plain", "");
            }
        }
    }

    private static string Keys(string id) => $$"""{"Code":"Success","AccessKeyId":"{{id}}","SecretAccessKey":"s","Token":"t","Expiration":"{{Expiration}}"}""";
}
