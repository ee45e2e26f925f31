using System.Net.Http.Headers;
using System.Text.Json;
using Amazon.Runtime;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Credentials that the machine itself hands out: of a container (ECS, EKS Pod Identity) and of an EC2 instance. Ours, since the SDK's read the
/// process's environment alone and go through its proxy.
/// </summary>
/// <param name="environment">Says where they are.</param>
internal sealed class MetadataCredentialSource(LabEnvironment environment)
{
    private const string TokenVariable = "AWS_CONTAINER_AUTHORIZATION_TOKEN", TokenFileVariable = TokenVariable + "_FILE";
    private const string InstanceRoles = "/latest/meta-data/iam/security-credentials/";

    // Link-local addresses: nobody stands between, and whoever is there answers at once.
    private static readonly HttpClient Client = new(new RequestLogHandler(new SocketsHttpHandler
    {
        UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(1),
    }))
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    /// <summary>Whether the environment says where a container's credentials are.</summary>
    public bool HasContainer => environment.Get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") is not null || environment.Get("AWS_CONTAINER_CREDENTIALS_FULL_URI") is not null;

    /// <summary>Whether an EC2 instance's metadata may be asked at all.</summary>
    public bool HasInstance => !string.Equals(environment.Get("AWS_EC2_METADATA_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Credentials of the container.</summary>
    /// <returns>Credentials; nothing is sent yet. Throws <see cref="LabException"/> where the address may not be asked.</returns>
    public CredentialSource Container()
    {
        Uri url = ContainerUrl();
        return CredentialSource.Of(
            new TemporaryCredentials(
                TemporaryCredentials.KeyOf("container", url.AbsoluteUri, environment.Get(TokenVariable), environment.Get(TokenFileVariable)),
                cancellation => FetchContainerAsync(url, cancellation)),
            "container");
    }

    /// <summary>Credentials of the EC2 instance.</summary>
    /// <returns>Credentials; nothing is sent yet.</returns>
    public CredentialSource Instance()
    {
        Uri url = InstanceUrl();
        return CredentialSource.Of(
            new TemporaryCredentials(TemporaryCredentials.KeyOf("instance", url.AbsoluteUri), cancellation => FetchInstanceAsync(url, cancellation)),
            "EC2 instance metadata");
    }

    private Uri ContainerUrl()
    {
        if (environment.Get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") is { } path)
        {
            // Resolved as a reference, '//elsewhere/' or 'http://elsewhere/' would lead to another host.
            return path.StartsWith('/') && Uri.TryCreate("http://169.254.170.2" + path, UriKind.Absolute, out Uri? relative)
                ? relative
                : throw Unusable($"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is '{path}', which is not a path that begins with '/'");
        }

        string text = environment.Get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
            ?? throw Unusable("neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.UserInfo.Length == 0
            && (url.Scheme == "https" || (url.Scheme == "http" && (url.IsLoopback || url.Host is "169.254.170.2" or "169.254.170.23" or "[fd00:ec2::23]")))
                ? url
                : throw Unusable($"AWS_CONTAINER_CREDENTIALS_FULL_URI is '{new LabSetting("Url", text, "").WithoutPassword().Value}': only https, this machine and the addresses of ECS and EKS are allowed, without a user in the URL");
    }

    private Uri InstanceUrl()
    {
        string text = environment.Get("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            ?? (string.Equals(environment.Get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "IPv6", StringComparison.OrdinalIgnoreCase)
                ? "http://[fd00:ec2::254]" : "http://169.254.169.254");
        return AwsConnection.CheckedUrl(new LabSetting("EndpointUrl", text, "environment AWS_EC2_METADATA_SERVICE_ENDPOINT").WithoutPassword())!;
    }

    private async Task<(ImmutableCredentials Keys, DateTime End)> FetchContainerAsync(Uri url, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, url);
        string? token = environment.Get(TokenVariable);
        try
        {
            if (environment.Get(TokenFileVariable) is { } file)
            {
                token = (await File.ReadAllTextAsync(file, cancellation)).Trim();
            }

            if (token is not null)
            {
                if (token.Any(c => c is < ' ' or > '~'))
                {
                    throw Unusable($"the token of {TokenVariable} or {TokenFileVariable} has a line break or another character that a header cannot hold");
                }

                request.Headers.TryAddWithoutValidation("Authorization", token);
            }

            return ToKeys(await SendAsync(request, cancellation));
        }
        catch (Exception e) when (IsFailure(e) && !cancellation.IsCancellationRequested)
        {
            throw Unusable($"{url.GetLeftPart(UriPartial.Path)} provides none: {AwsErrors.OneLine(e.Message)}", e);
        }
    }

    private async Task<(ImmutableCredentials Keys, DateTime End)> FetchInstanceAsync(Uri url, CancellationToken cancellation)
    {
        try
        {
            string? token = await SessionTokenAsync(url, cancellation);
            string role = (await SendAsync(Get(new Uri(url, InstanceRoles)), cancellation)).Split('\n')[0].Trim();
            return ToKeys(await SendAsync(Get(new Uri(url, InstanceRoles + Uri.EscapeDataString(role))), cancellation));

            HttpRequestMessage Get(Uri where)
            {
                HttpRequestMessage request = new(HttpMethod.Get, where);
                if (token is not null)
                {
                    request.Headers.Add("X-aws-ec2-metadata-token", token);
                }

                return request;
            }
        }
        catch (Exception e) when (IsFailure(e) && !cancellation.IsCancellationRequested)
        {
            throw new LabException(
                LabErrorKind.AuthenticationFailed, "NoInstanceCredentials",
                $"The EC2 instance metadata at {url.GetLeftPart(UriPartial.Authority)} provides no credentials: {AwsErrors.OneLine(e.Message)}", e)
            {
                Advice = "Give the instance a role, or allow a container on it one more hop (HttpPutResponseHopLimit 2).",
            };
        }
    }

    // IMDSv2; an instance that has only the first version knows nothing of tokens.
    private static async Task<string?> SessionTokenAsync(Uri url, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, new Uri(url, "/latest/api/token"));
        request.Headers.Add("X-aws-ec2-metadata-token-ttl-seconds", "21600");
        try
        {
            return await SendAsync(request, cancellation);
        }
        catch (HttpRequestException e) when ((int?)e.StatusCode is 403 or 404 or 405)
        {
            return null;
        }
    }

    private static async Task<string> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using HttpRequestMessage sent = request;
        sent.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using HttpResponseMessage answer = await Client.SendAsync(sent, cancellation);
        return (await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation)).Trim();
    }

    private static (ImmutableCredentials Keys, DateTime End) ToKeys(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement keys = document.RootElement;
        return keys.TryGetProperty("AccessKeyId", out JsonElement id) && keys.TryGetProperty("SecretAccessKey", out JsonElement secret)
            ? (new ImmutableCredentials(id.GetString(), secret.GetString(), Text("Token")),
                TemporaryCredentials.EndOf(SharedCredentialsFile.ToExpiration(Text("Expiration"))))
            : throw new JsonException(Text("Message") ?? Text("Code") ?? "the response contains no keys");

        string? Text(string name) => keys.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
    }

    private static bool IsFailure(Exception e) =>
        e is HttpRequestException or IOException or UnauthorizedAccessException or TaskCanceledException or JsonException or InvalidOperationException;

    private static LabException Unusable(string reason, Exception? inner = null) => new(
        LabErrorKind.AuthenticationFailed, "NoContainerCredentials", $"The container has no AWS credentials: {reason}.", inner);
}
