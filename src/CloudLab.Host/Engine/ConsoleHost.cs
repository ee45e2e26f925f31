using System.Globalization;
using System.Management.Automation.Host;
using System.Reflection;

namespace CloudLab.Host.Engine;

/// <summary>What the engine sees of the process that hosts it.</summary>
/// <param name="console">Its user interface.</param>
internal sealed class ConsoleHost(ConsoleInterface console) : PSHost
{
    private static readonly CultureInfo Culture = Neutral();

    /// <inheritdoc/>
    public override string Name => "cloudlab";

    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <inheritdoc/>
    public override Version Version => Assembly.GetExecutingAssembly().GetName().Version!;

    /// <inheritdoc/>
    public override PSHostUserInterface UI => console;

    /// <summary>A runspace that uses the caller's thread leaves that thread's culture as it is.</summary>
    public static void SetCulture() => CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Culture;

    /// <summary>What scripts and cron jobs read must not depend on who is logged in.</summary>
    public override CultureInfo CurrentCulture => Culture;

    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture => Culture;

    /// <inheritdoc/>
    public override void EnterNestedPrompt() => throw new NotSupportedException("There is no prompt here.");

    /// <inheritdoc/>
    public override void ExitNestedPrompt() => throw new NotSupportedException("There is no prompt here.");

    /// <inheritdoc/>
    public override void NotifyBeginApplication()
    {
    }

    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
    }

    /// <summary>What the process is to end with instead of its usual code; null where nobody has said.</summary>
    public int? ExitCode { get; private set; }

    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    /// <summary>The invariant culture, with dates that cannot be misread.</summary>
    private static CultureInfo Neutral()
    {
        CultureInfo culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.DateTimeFormat.ShortDatePattern = "yyyy-MM-dd";
        return culture;
    }
}
