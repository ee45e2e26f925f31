using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>For whom credentials are written.</summary>
public enum CredentialFormat
{
    /// <summary>Lines for bash, zsh and sh: <c>export NAME='value'</c>.</summary>
    Bash,

    /// <summary>Lines for PowerShell: <c>$env:NAME = 'value'</c>.</summary>
    PowerShell,

    /// <summary>Lines for the Windows command prompt: <c>set "NAME=value"</c>.</summary>
    Cmd,

    /// <summary>JSON as the <c>credential_process</c> of a profile prints it.</summary>
    CredentialProcess,
}

/// <summary>Hands the credentials of a session to other tools, as text. This is the one place where secrets are shown, to whoever asks for them.</summary>
public static class CredentialExport
{
    /// <summary>Writes the credentials of a session, and where they are to be used.</summary>
    /// <param name="session">The session; temporary credentials are renewed first if they have to be.</param>
    /// <param name="format">For whom.</param>
    /// <param name="reporter">Hears of requests.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The lines. Throws <see cref="LabException"/>.</returns>
    public static async Task<IReadOnlyList<string>> WriteAsync(
        LabSession session, CredentialFormat format, IReporter reporter, CancellationToken cancellation)
    {
        AwsConnection aws = session.Aws;
        AwsKeys keys = await KeysAsync(session, reporter, cancellation);
        string? token = keys.SessionToken, until = keys.Expiration?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        if (format == CredentialFormat.CredentialProcess)
        {
            JsonObject json = new() { ["Version"] = 1, ["AccessKeyId"] = keys.AccessKey, ["SecretAccessKey"] = keys.SecretKey };
            foreach ((string name, string? value) in new[] { ("SessionToken", token), ("Expiration", until) })
            {
                if (value is not null)
                {
                    json[name] = value;
                }
            }

            return [json.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })];
        }

        // A token that is left over from other credentials would make these invalid. Some tools read one name of the region, some the other.
        string? region = aws.RegionSetting.Source == "default" ? null : aws.Region;
        string? endpoint = aws.Endpoint("S3") is { } s3 && s3 == aws.Endpoint("STS") ? s3.OriginalString : null;
        List<(string Name, string? Value)> variables =
        [
            ("AWS_ACCESS_KEY_ID", keys.AccessKey), ("AWS_SECRET_ACCESS_KEY", keys.SecretKey), ("AWS_SESSION_TOKEN", token), ("AWS_CREDENTIAL_EXPIRATION", until),
        ];
        variables.AddRange(region is null ? [] : [("AWS_REGION", region), ("AWS_DEFAULT_REGION", region)]);
        variables.AddRange(endpoint is null ? [] : [("AWS_ENDPOINT_URL", endpoint)]);
        return [.. variables.Select(variable => Line(format, variable.Name, variable.Value))];
    }

    /// <summary>The credentials of a session as they are now.</summary>
    /// <param name="session">The session; temporary credentials are renewed first if they have to be.</param>
    /// <param name="reporter">Hears of requests.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The keys. Throws <see cref="LabException"/>.</returns>
    internal static async Task<AwsKeys> KeysAsync(LabSession session, IReporter reporter, CancellationToken cancellation)
    {
        RequestLog.Current = reporter;
        TemporaryCredentials.Cancellation = cancellation;
        AwsConnection aws = session.Aws;
        try
        {
            ImmutableCredentials keys = await aws.Credentials().GetCredentialsAsync().WaitAsync(cancellation);
            (_, DateTimeOffset? end) = await aws.CredentialsEndAsync(cancellation);
            return new AwsKeys(keys.AccessKey, keys.SecretKey, keys.UseToken ? keys.Token : null, end);
        }
        catch (Exception e) when (AwsErrors.Knows(e, cancellation))
        {
            throw AwsErrors.From(e, aws, "STS", "Credentials");
        }
    }

    private static string Line(CredentialFormat format, string name, string? value) => format switch
    {
        _ when value is not null && value.Any(char.IsControl) => throw new LabException(
            LabErrorKind.InvalidData, "CredentialUnprintable", $"{name} contains a line break or another control character, which no shell line can hold."),
        CredentialFormat.Bash => value is null ? $"unset {name}" : $"export {name}='{value.Replace("'", @"'\''", StringComparison.Ordinal)}'",
        CredentialFormat.PowerShell => value is null ? $"$env:{name} = $null" : $"$env:{name} = {PowerShellText.Quote(value)}",
        _ => $"set \"{name}={value}\"",
    };
}
