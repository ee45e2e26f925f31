using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;

namespace CloudLab.Loader;

/// <summary>
/// Runs when the module is imported, before the cmdlets' assembly is read: from then on CloudLab.Core and
/// CloudLab.Emulator resolve into <see cref="LabLoadContext"/>.
/// </summary>
public sealed class ModuleLoader : IModuleAssemblyInitializer
{
    // One context for the process: types of two contexts would not match after Import-Module -Force.
    private static readonly LabLoadContext Context =
        new(Path.Combine(Path.GetDirectoryName(typeof(ModuleLoader).Assembly.Location)!, "lib"));

    /// <inheritdoc/>
    // For good: another session of the process may have the module still when one removes it.
    public void OnImport()
    {
        AssemblyLoadContext.Default.Resolving -= Resolve;
        AssemblyLoadContext.Default.Resolving += Resolve;
    }

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name) =>
        name.Name is "CloudLab.Core" or "CloudLab.Emulator" ? Context.LoadFromAssemblyName(name) : null;
}
