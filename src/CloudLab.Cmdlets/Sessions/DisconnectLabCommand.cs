using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Sessions;

/// <summary>Forgets the defaults that Connect-Lab, Use-LabRole or Start-LabEmulator set for this runspace.</summary>
/// <remarks>
/// <para>Cmdlets then use the environment and the configuration files again. Session objects held in variables stay
/// usable, and a running emulator keeps running. Nothing is sent anywhere.</para>
/// </remarks>
/// <example>
/// <para>Returns to the settings of the environment.</para>
/// <code>Disconnect-Lab</code>
/// </example>
/// <example>
/// <para>Shows the settings that are used afterwards.</para>
/// <code>Disconnect-Lab; Get-LabSession</code>
/// </example>
[Cmdlet(VerbsCommunications.Disconnect, "Lab", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisconnectLabCommand : LabCommand
{
    /// <inheritdoc/>
    protected override void OnProcess()
    {
        if (DefaultSession.Given() is not null && ShouldProcess("this runspace", "Forget the default session"))
        {
            DefaultSession.Set(null);
        }
    }
}
