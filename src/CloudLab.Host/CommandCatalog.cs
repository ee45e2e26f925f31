using System.Management.Automation;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace CloudLab.Host;

/// <summary>
/// Finds cmdlets in an assembly. Names are read from the assembly's metadata, so that to run one cmdlet no other
/// class is loaded, nor anything that those need.
/// </summary>
/// <param name="assembly">The assembly with the cmdlets.</param>
internal sealed class CommandCatalog(Assembly assembly)
{
    /// <summary>Finds a cmdlet.</summary>
    /// <param name="name">Its name or an alias of it, in any case.</param>
    /// <returns>The cmdlet as the engine describes it, or null.</returns>
    public CmdletInfo? Find(string name)
    {
        // Get-LabObject is GetLabObjectCommand (a test holds this); an alias needs a look at every class.
        string className = name.Replace("-", "", StringComparison.Ordinal) + "Command";
        return ClassNames()
            .Where(n => n.EndsWith(className, StringComparison.OrdinalIgnoreCase) && n[^(className.Length + 1)] == '.')
            .Select(Load).FirstOrDefault(c => c?.Name.Equals(name, StringComparison.OrdinalIgnoreCase) == true)
            ?? ClassNames().Select(Load).FirstOrDefault(c => c?.ImplementingType.GetCustomAttribute<AliasAttribute>()?.AliasNames
                .Contains(name, StringComparer.OrdinalIgnoreCase) == true);
    }

    private CmdletInfo? Load(string className) =>
        assembly.GetType(className) is { IsAbstract: false } type && type.GetCustomAttribute<CmdletAttribute>() is { } cmdlet
            ? new CmdletInfo(cmdlet.VerbName + "-" + cmdlet.NounName, type)
            : null;

    private IEnumerable<string> ClassNames()
    {
        using FileStream file = File.OpenRead(assembly.Location);
        using PEReader image = new(file);
        MetadataReader metadata = image.GetMetadataReader();
        foreach (TypeDefinitionHandle handle in metadata.TypeDefinitions)
        {
            TypeDefinition type = metadata.GetTypeDefinition(handle);
            if ((type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public
                && metadata.GetString(type.Name).EndsWith("Command", StringComparison.Ordinal))
            {
                yield return metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name);
            }
        }
    }
}
