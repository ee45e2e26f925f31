namespace System.Management.Automation;

public enum ReturnContainers
{
    ReturnMatchingContainers,
    ReturnAllContainers,
}
