using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace CloudLab.Loader;

/// <summary>
/// The short names by which a session may name the module's types: <c>catch [LabException]</c>, <c>-is [LabObject]</c>. PowerShell
/// has one table of them for the process, so they stay until the last session that has the module removes it.
/// </summary>
internal static class TypeNames
{
    // What cmdlets write and is not called Lab….
    private static readonly string[] Others =
    [
        "CloudLab.Core.Autoscaling.Hpa.HpaDecision",
        "CloudLab.Core.Identity.Policies.PolicyCondition",
        "CloudLab.Core.Identity.Policies.PolicyDocument",
        "CloudLab.Core.Identity.Policies.PolicyStatement",
        "CloudLab.Core.Kubernetes.Manifests.ManifestResult",
    ];

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Type> Added = new(StringComparer.OrdinalIgnoreCase);
    private static readonly List<WeakReference<Runspace>> Sessions = [];

    // The reference assembly does not have it.
    private static readonly Type? Table = typeof(PSObject).Assembly.GetType("System.Management.Automation.TypeAccelerators");

    /// <summary>Adds the names, except those that mean something else already.</summary>
    /// <param name="core">The assembly of the types.</param>
    public static void Add(Assembly core)
    {
        lock (Gate)
        {
            Note(Runspace.DefaultRunspace);
            if (Added.Count > 0 || Known() is not { } known)
            {
                return;
            }

            MethodInfo add = Table!.GetMethod("Add", [typeof(string), typeof(Type)])!;
            foreach (Type type in core.GetExportedTypes().Where(type => type.Name.StartsWith("Lab", StringComparison.Ordinal))
                .Concat(Others.Select(name => core.GetType(name, throwOnError: true)!)))
            {
                if (known.TryAdd(type.Name, type))
                {
                    add.Invoke(null, [type.Name, type]);
                    Added.Add(type.Name, type);
                }
            }
        }
    }

    /// <summary>Removes the names that were added, if no other session has the module.</summary>
    public static void Remove()
    {
        lock (Gate)
        {
            Forget(Runspace.DefaultRunspace);
            if (Sessions.Count > 0 || Known() is not { } known)
            {
                return;
            }

            MethodInfo remove = Table!.GetMethod("Remove", [typeof(string)])!;
            foreach ((string name, Type type) in Added)
            {
                if (known.TryGetValue(name, out Type? now) && now == type)
                {
                    remove.Invoke(null, [name]);
                }
            }

            Added.Clear();
        }
    }

    private static Dictionary<string, Type>? Known() => Table?.GetProperty("Get")?.GetValue(null) is IDictionary<string, Type> table
        ? new Dictionary<string, Type>(table, StringComparer.OrdinalIgnoreCase)
        : null;

    private static void Note(Runspace? session)
    {
        Forget(session);
        if (session is not null)
        {
            Sessions.Add(new WeakReference<Runspace>(session));
        }
    }

    // A session that ends does not remove its modules.
    private static void Forget(Runspace? session) => Sessions.RemoveAll(known => !known.TryGetTarget(out Runspace? other)
        || other == session || other.RunspaceStateInfo.State is RunspaceState.Closed or RunspaceState.Closing or RunspaceState.Broken);
}
