using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Sessions;

/// <summary>The default session of each runspace, which Connect-Lab sets. Only on the pipeline thread.</summary>
internal static class DefaultSession
{
    private static readonly ConditionalWeakTable<Runspace, LabSession> Sessions = [];

    // The environment alone, for who never connected; kept, so that its connections are reused.
    private static LabSession environment = LabSession.Resolve(new SessionOptions(), "environment");

    /// <summary>The runspace's default, else the environment's session; resolved anew when a variable has changed.</summary>
    /// <returns>A session.</returns>
    public static LabSession Get()
    {
        if (Given() is not { } session)
        {
            return environment = environment.Refreshed();
        }

        LabSession current = session.Refreshed();
        if (!ReferenceEquals(current, session))
        {
            Set(current);
        }

        return current;
    }

    /// <summary>The session that somebody set as the runspace's default.</summary>
    /// <returns>The session, or null.</returns>
    public static LabSession? Given() =>
        Runspace.DefaultRunspace is { } runspace && Sessions.TryGetValue(runspace, out LabSession? session) ? session : null;

    /// <summary>Sets the runspace's default.</summary>
    /// <param name="session">The session, or null to go back to the environment.</param>
    public static void Set(LabSession? session)
    {
        Runspace runspace = Runspace.DefaultRunspace;
        Sessions.Remove(runspace);
        if (session is not null)
        {
            Sessions.Add(runspace, session);
        }
    }
}
