namespace CloudLab.Core.Sessions;

/// <summary>
/// What to do about a missing or refused setting, in words that fit where the cmdlet runs. In <c>cloudlab</c> each command is a process of
/// its own, so that nothing which Connect-Lab, Use-LabRole or Start-LabEmulator sets would last: its runtime configuration says so.
/// </summary>
internal static class SessionAdvice
{
    private static readonly bool OneCommand = AppContext.TryGetSwitch("CloudLab.OneCommandInProcess", out bool on) && on;

    /// <summary>Where credentials can be given, to follow a verb's place: "use …".</summary>
    public static string Credentials { get; } = OneCommand
        ? "-ProfileName or -Credential, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        : "Connect-Lab -Credential or -ProfileName, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

    /// <summary>How to get credentials in place of those that are over.</summary>
    public static string NewCredentials { get; } = OneCommand
        ? "get new ones (Use-LabRole -SaveProfile, or whatever set AWS_SESSION_TOKEN)"
        : "get new ones (Use-LabRole, Connect-Lab)";

    /// <summary>How to be somebody else.</summary>
    public static string SomebodyElse { get; } = OneCommand ? "-ProfileName, -Credential" : "Connect-Lab, Use-LabRole";

    /// <summary>How to know why something was refused, where the error is at hand; a sentence, with a space after it.</summary>
    public static string WhyDenied { get; } = OneCommand ? "" : "Resolve-LabAccessDenied $Error[0] shows what refuses it. ";

    /// <summary>Where a setting can be given.</summary>
    /// <param name="inCommand">For one command: a parameter of it, or a variable.</param>
    /// <param name="inSession">For those that follow it in a session.</param>
    /// <returns>Both where both make sense.</returns>
    public static string Setting(string inCommand, string inSession) => OneCommand ? inCommand : $"{inCommand} or {inSession}";

    /// <summary>How a code of an MFA device can be given where nobody is asked.</summary>
    public static string MfaCode { get; } = OneCommand
        ? "Run this on a terminal, or keep a role's credentials in a profile there first: Use-LabRole -SaveProfile."
        : "Run Connect-Lab -ProfileName in an interactive session first; the credentials are then kept until they expire.";

    /// <summary>How to have an emulator.</summary>
    public static string Emulator { get; } = OneCommand ? "cloudlab emulator" : "Start-LabEmulator";
}
