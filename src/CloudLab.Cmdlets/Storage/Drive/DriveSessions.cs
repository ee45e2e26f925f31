using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>
/// The sessions of the drives that were made with one. Paths carry the name of such a session, so that what
/// <c>Get-ChildItem</c> wrote still means the same server without its drive.
/// </summary>
internal sealed class DriveSessions
{
    // One for each runspace that has imported the provider. Not a ProviderInfo of its own: a copy forgets its module.
    private static readonly ConditionalWeakTable<ProviderInfo, DriveSessions> All = [];

    private readonly Dictionary<string, LabSession> sessions = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The sessions of a runspace's drives.</summary>
    /// <param name="provider">The provider as the runspace knows it.</param>
    /// <returns>The sessions.</returns>
    public static DriveSessions Of(ProviderInfo provider) => All.GetOrCreateValue(provider);

    /// <summary>Keeps the session of a new drive.</summary>
    /// <param name="drive">Name of the drive.</param>
    /// <param name="session">Its session.</param>
    /// <returns>The name of the session; the drive's own unless another scope has a drive of that name.</returns>
    public string Add(string drive, LabSession session)
    {
        string name = drive;
        for (int number = 2; !sessions.TryAdd(name, session); number++)
        {
            name = $"{drive}-{number}";
        }

        return name;
    }

    /// <summary>Forgets a session.</summary>
    /// <param name="name">Its name.</param>
    public void Remove(string name) => sessions.Remove(name);

    /// <summary>The session that a path belongs to. Only on the pipeline thread.</summary>
    /// <param name="name">Name in the path, or null for the runspace's default.</param>
    /// <returns>The session. Throws <see cref="LabException"/> (NoSuchDrive).</returns>
    public LabSession Find(string? name) =>
        name is null ? DefaultSession.Get()
        : sessions.TryGetValue(name, out LabSession? session) ? session
        : throw new LabException(
            LabErrorKind.NotFound, "NoSuchDrive", $"The drive '{name}' that this path belongs to no longer exists: create it again with New-PSDrive.") { Target = name };
}
