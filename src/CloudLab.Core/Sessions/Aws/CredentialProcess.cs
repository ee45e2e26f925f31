using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// The program that a profile names to fetch credentials (AWS SDKs and Tools Reference Guide, "Process credential provider").
/// The SDK's own runner can neither be stopped nor does it say whose program it waits for.
/// </summary>
internal static class CredentialProcess
{
    /// <summary>Credentials that the program of a profile gives. It runs when they are used, and again when they are over.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="command">The command line.</param>
    /// <returns>The source.</returns>
    public static CredentialSource Of(SharedProfile profile, string command) => CredentialSource.Of(
        new TemporaryCredentials(TemporaryCredentials.KeyOf("process", command), cancellation => RunAsync(profile, command, cancellation)), "credential_process");

    private static async Task<(ImmutableCredentials Keys, DateTime End)> RunAsync(SharedProfile profile, string command, CancellationToken cancellation)
    {
        // A command line for the shell, as other tools of AWS take it.
        ProcessStartInfo start = OperatingSystem.IsWindows() ? new("cmd.exe") { Arguments = "/c " + command } : new("/bin/sh", ["-c", command]);
        return Read(profile, await CredentialProgram.RunAsync(
            start, $"credential_process of profile '{profile.Name}'", Failed, "a shell is needed to run it.", cancellation));

        LabException Failed(string why, Exception? inner) => profile.Unusable("its credential_process failed: " + why.TrimEnd('.'), inner);
    }

    private static (ImmutableCredentials Keys, DateTime End) Read(SharedProfile profile, string answer)
    {
        JsonObject? given;
        try
        {
            given = StrictJson.Parse(answer) as JsonObject;
        }
        catch (JsonException)
        {
            // Neither the answer nor what the parser says of it may be shown: it may be a secret.
            throw profile.Unusable("its credential_process did not write JSON");
        }

        if ($"{given?["Version"]}" != "1")
        {
            throw profile.Unusable("its credential_process wrote JSON without \"Version\": 1");
        }

        return (Text("AccessKeyId"), Text("SecretAccessKey"), Text("SessionToken"), Text("Expiration")) switch
        {
            ({ } id, { } secret, var token, null) => (new ImmutableCredentials(id, secret, token), TemporaryCredentials.Never),
            ({ } id, { } secret, var token, { } text) when SharedCredentialsFile.ToExpiration(text) is { } end => end > DateTimeOffset.UtcNow
                ? (new ImmutableCredentials(id, secret, token), end.UtcDateTime)
                : throw profile.Unusable($"its credential_process returned keys that expired at {end.UtcDateTime:u}"),
            ({ }, { }, _, { } text) => throw profile.Unusable($"its credential_process returned keys whose Expiration '{text}' is not a time"),
            _ => throw profile.Unusable("its credential_process did not write AccessKeyId and SecretAccessKey"),
        };

        string? Text(string name) => given?[name] is JsonValue value && value.ToString() is { Length: > 0 } text ? text : null;
    }
}
