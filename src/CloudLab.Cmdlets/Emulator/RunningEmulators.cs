using System.Management.Automation.Runspaces;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>The emulators that run in this process, and what starting them put aside.</summary>
internal static class RunningEmulators
{
    private static readonly object Gate = new();
    private static readonly List<Entry> Entries = [];

    /// <summary>The running emulators, oldest first.</summary>
    /// <returns>A copy of the list.</returns>
    public static IReadOnlyList<LabEmulatorInfo> List()
    {
        lock (Gate)
        {
            return [.. Entries.Select(entry => entry.Emulator.Info)];
        }
    }

    /// <summary>Keeps an emulator that has started. Only on the pipeline thread.</summary>
    /// <param name="emulator">The emulator.</param>
    /// <param name="makeDefault">Whether the runspace's cmdlets are to talk to it.</param>
    /// <param name="setEnvironment">Whether child processes are to talk to it.</param>
    public static void Add(LabEmulator emulator, bool makeDefault, bool setEnvironment)
    {
        Entry entry = new(emulator, DefaultSession.Given());
        if (setEnvironment)
        {
            // What would outweigh the emulator's keys is put aside with the rest.
            Dictionary<string, string?> values = new() { ["AWS_PROFILE"] = null, ["AWS_SESSION_TOKEN"] = null };
            foreach ((string name, string value) in emulator.Info.GetEnvironment())
            {
                values[name] = value;
            }

            foreach ((string name, string? value) in values)
            {
                entry.Environment[name] = (System.Environment.GetEnvironmentVariable(name), value);
                System.Environment.SetEnvironmentVariable(name, value);
            }
        }

        if (makeDefault)
        {
            DefaultSession.Set(LabSession.Resolve(emulator.Info.GetSessionOptions(), "Start-LabEmulator"));
        }

        lock (Gate)
        {
            Entries.Add(entry);
        }
    }

    /// <summary>
    /// Takes an emulator out and gives the runspace and the environment back what they had, where they still point at
    /// it. Only on the pipeline thread.
    /// </summary>
    /// <param name="id">The emulator's number.</param>
    /// <returns>The emulator, still running; null where there is none of that number.</returns>
    public static LabEmulator? Remove(int id)
    {
        Entry? entry;
        lock (Gate)
        {
            entry = Entries.Find(candidate => candidate.Emulator.Info.Id == id);
            if (entry is null)
            {
                return null;
            }

            Entries.Remove(entry);

            // Whoever was started after it must not bring it back.
            foreach (Entry other in Entries.Where(other => PointsAt(other.Previous, entry)))
            {
                other.Previous = entry.Previous;
            }
        }

        foreach ((string name, (string? before, string? set)) in entry.Environment)
        {
            if (System.Environment.GetEnvironmentVariable(name) == set)
            {
                System.Environment.SetEnvironmentVariable(name, before);
            }
        }

        if (PointsAt(DefaultSession.Given(), entry))
        {
            DefaultSession.Set(entry.Previous);
        }

        return entry.Emulator;
    }

    /// <summary>Stops the emulators that a runspace has started, the last one first, as Stop-LabEmulator would. Only on its pipeline thread.</summary>
    /// <param name="runspace">The runspace.</param>
    public static void StopAll(Runspace runspace)
    {
        int[] own;
        lock (Gate)
        {
            own = [.. Entries.Where(entry => entry.Runspace.TryGetTarget(out Runspace? starter) && ReferenceEquals(starter, runspace)).Select(entry => entry.Emulator.Info.Id).Reverse()];
        }

        foreach (int id in own)
        {
            Remove(id)?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static bool PointsAt(LabSession? session, Entry entry) =>
        session is not null && session.Aws.Endpoint("S3") == entry.Emulator.Info.EndpointUrl;

    private sealed class Entry(LabEmulator emulator, LabSession? previous)
    {
        public LabEmulator Emulator { get; } = emulator;

        // The same process may have the module in other runspaces too.
        public WeakReference<Runspace> Runspace { get; } = new(System.Management.Automation.Runspaces.Runspace.DefaultRunspace);

        public LabSession? Previous { get; set; } = previous;

        public Dictionary<string, (string? Before, string? Set)> Environment { get; } = [];
    }
}
