namespace System.Management.Automation.Provider;

// There are no drives outside PowerShell. These are only what the provider's class says of itself, so that it can be loaded.

[Flags]
public enum ProviderCapabilities
{
    None = 0,
    Include = 1,
    Exclude = 2,
    Filter = 4,
    ExpandWildcards = 8,
    ShouldProcess = 16,
    Credentials = 32,
    Transactions = 64,
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class CmdletProviderAttribute(string providerName, ProviderCapabilities providerCapabilities) : Attribute
{
    public string ProviderName { get; } = providerName;

    public ProviderCapabilities ProviderCapabilities { get; } = providerCapabilities;
}

public abstract class NavigationCmdletProvider;

public interface IContentCmdletProvider;

public interface IPropertyCmdletProvider;

public interface IContentReader;

public interface IContentWriter;
