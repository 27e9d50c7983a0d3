"""The site: its pages as plain Markdown, assembled from the prose and from all that is known of it.

`wirebook book build` assembles the pages into a folder, and has mkdocs make a site of them; any
other engine can do the same with that folder. What may live here: the assembly, one kind of page or
addition a module.
"""

from wirebook.commands.site.assembly import assemble

__all__ = ["assemble"]
