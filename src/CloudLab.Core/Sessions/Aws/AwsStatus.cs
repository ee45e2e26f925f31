using System.Globalization;
using CloudLab.Core.Sessions.Status;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>What a status says of credentials.</summary>
internal static class AwsStatus
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(15);

    /// <summary>What to type where there are none.</summary>
    public static string Configure { get; } = $"Use {SessionAdvice.Credentials}; or {SessionAdvice.Emulator} for a trial without a cloud.";

    /// <summary>Notes profile, region, whose credentials these are, and until when they are good.</summary>
    /// <param name="aws">The connection.</param>
    /// <param name="status">The check. What cannot be resolved ends it.</param>
    public static void Note(AwsConnection aws, StatusCheck status)
    {
        status.Note($"region {aws.Region}");
        if (aws.ProfileSetting.Source != "default")
        {
            status.Note($"profile {aws.ProfileSetting.Value}");
        }

        // A machine in the cloud has credentials of its own, and whether this is one shows only when somebody answers.
        status.Waiting = "No credentials were found";
        string who = aws.CredentialSetting.Value ?? "";
        status.Waiting = null;
        status.Identity = who.Split(' ')[0];
        LabSetting end = aws.ExpirationSetting;
        if (end.Value is { } until)
        {
            status.Note($"credentials valid until {until} ({end.Source})");
            if (end.Source == "not renewed" && DateTimeOffset.TryParse(until, CultureInfo.InvariantCulture, out DateTimeOffset moment) && moment - DateTimeOffset.UtcNow is { } left && left < Soon)
            {
                status.Warn(
                    left < TimeSpan.Zero ? $"The credentials expired at {until}." : $"The credentials expire at {until} and are not renewed.",
                    $"To go on, {SessionAdvice.NewCredentials}.");
            }
        }
    }
}
