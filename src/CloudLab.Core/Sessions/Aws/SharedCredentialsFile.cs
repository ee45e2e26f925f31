using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Writes profiles into the credentials file that all AWS tools share (<c>AWS_SHARED_CREDENTIALS_FILE</c>, else
/// <c>~/.aws/credentials</c>): one profile is replaced, everything else in the file stays as it is, byte for byte.
/// </summary>
public static class SharedCredentialsFile
{
    // The name that several tools write, each for itself; the SDKs leave it alone.
    internal const string ExpirationName = "x_security_token_expires";

    private static readonly object OneAtATime = new();

    /// <summary>The file that a session's profiles are written to.</summary>
    /// <param name="session">The session.</param>
    /// <returns>An absolute path.</returns>
    public static string PathOf(LabSession session) => SharedConfigFile.CredentialsPath(session.Environment);

    /// <summary>Writes a profile with temporary credentials.</summary>
    /// <param name="session">Whose environment says where the file is; its region goes into the profile.</param>
    /// <param name="profile">Name of the profile.</param>
    /// <param name="keys">The credentials.</param>
    /// <param name="expiration">When they stop to be valid; written beside them for whoever reads the file.</param>
    /// <param name="force">Replaces a profile with long-lived keys, too.</param>
    /// <returns>The file. Throws <see cref="LabException"/> (ProfileExists, ProfileNameInvalid, CredentialsFileUnwritable).</returns>
    public static string Save(LabSession session, string profile, AwsKeys keys, DateTimeOffset expiration, bool force)
    {
        if (profile.Length == 0 || profile.Trim() != profile || profile.Any(c => c is '[' or ']' or '#' or ';' || char.IsControl(c)))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ProfileNameInvalid",
                $"'{profile}' is not a valid profile name: leave out brackets, #, ;, line breaks, and spaces at either end.");
        }

        string path = PathOf(session);
        lock (OneAtATime)
        {
            try
            {
                // A link stays a link: what it points to is replaced.
                string file = (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path;
                string body = Body(session.Aws.Region, keys, expiration), old;
                do
                {
                    old = Read(file);
                }
                while (!TryWrite(file, old, Replace(old, profile, body, force)));

                return path;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new LabException(
                    LabErrorKind.WriteFailed, "CredentialsFileUnwritable", $"The profile '{profile}' cannot be written to {path}: {e.Message}", e)
                {
                    StopsCommand = true,
                    Advice = "Choose another file with AWS_SHARED_CREDENTIALS_FILE.",
                };
            }
        }
    }

    /// <summary>Writes a profile with the credentials of a session, as they are now.</summary>
    /// <param name="session">The session, whose environment says where the file is.</param>
    /// <param name="profile">Name of the profile.</param>
    /// <param name="force">Replaces a profile with long-lived keys, too.</param>
    /// <param name="reporter">Hears of requests.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The file. Throws <see cref="LabException"/>.</returns>
    public static async Task<string> SaveAsync(LabSession session, string profile, bool force, IReporter reporter, CancellationToken cancellation)
    {
        AwsKeys keys = await CredentialExport.KeysAsync(session, reporter, cancellation);
        return Save(session, profile, keys, keys.Expiration ?? DateTimeOffset.MaxValue, force);
    }

    /// <summary>Reads the moment at which credentials end.</summary>
    /// <param name="text">A date of ISO 8601, or null.</param>
    /// <returns>The moment; null where there is none, or nothing that is one.</returns>
    internal static DateTimeOffset? ToExpiration(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment) ? moment : null;

    private static string Body(string region, AwsKeys keys, DateTimeOffset expiration) => string.Create(
        CultureInfo.InvariantCulture,
        $"aws_access_key_id = {keys.AccessKey}\naws_secret_access_key = {keys.SecretKey}\naws_session_token = {keys.SessionToken}\nregion = {region}\n{ExpirationName} = {expiration.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\n");

    private static string Replace(string text, string profile, string body, bool force)
    {
        string newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        string section = ($"[{profile}]\n" + body).Replace("\n", newLine, StringComparison.Ordinal);
        (int start, int end) = Find(text, profile);
        if (start < 0)
        {
            string gap = text.Length == 0 ? "" : text.EndsWith('\n') ? newLine : newLine + newLine;
            return text + gap + section;
        }

        string present = text[start..end];
        if (!force && present.Contains("aws_access_key_id", StringComparison.OrdinalIgnoreCase)
            && !present.Contains("aws_session_token", StringComparison.OrdinalIgnoreCase))
        {
            throw new LabException(
                LabErrorKind.AlreadyExists, "ProfileExists",
                $"Profile '{profile}' holds long-lived keys, which would be lost: choose another name, or use -Force.")
            {
                Target = profile,
                StopsCommand = true,
            };
        }

        return text[..start] + section + text[end..];
    }

    /// <summary>Where a profile stands: from its header to its last setting, without the comments before the next header.</summary>
    private static (int Start, int End) Find(string text, string profile)
    {
        int start = -1, end = -1;
        for (int line = 0; line < text.Length;)
        {
            int next = text.IndexOf('\n', line) is >= 0 and var found ? found + 1 : text.Length;
            string content = text[line..next].Trim();
            if (SharedConfigFile.Heading(content) is { } heading)
            {
                if (start >= 0)
                {
                    break;
                }

                start = SharedConfigFile.Unquote(heading) == profile ? line : -1;
            }

            if (start >= 0 && content.Length > 0 && content[0] is not ('#' or ';'))
            {
                end = next;
            }

            line = next;
        }

        return (start, end);
    }

    private static string Read(string file) => File.Exists(file) ? File.ReadAllText(file) : "";

    // Not where somebody else has changed it meanwhile.
    private static bool TryWrite(string file, string old, string text) => OwnerFile.Replace(file, text, () => Read(file) == old);
}
